const SUFFIXES: Readonly<Record<string, number>> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  '': 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
};

/** The number that a Kubernetes quantity means (`128Mi`, `250m`, `1e3`); throws for anything else. */
export function parseQuantity(text: string): number {
  const match = /^([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)([numkMGTPE]|[KMGTPE]i)?$/.exec(text.trim());
  const factor = SUFFIXES[match?.[2] ?? ''];
  const number = Number(match?.[1]);
  if (match === null || factor === undefined || !Number.isFinite(number))
    throw new RangeError(`${JSON.stringify(text)} is not a quantity such as 128Mi or 250m`);
  return number * factor;
}
