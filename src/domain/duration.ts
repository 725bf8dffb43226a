const UNIT_MS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  μs: 1e-3,
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};
const TERM = /(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h|d)/y;
/** What Go's `time.Duration` can hold, 292 years; more is a mistake. */
const MAX_MS = 9_223_372_036_854;

/**
 * Milliseconds, whole, of a duration as Kubernetes writes it (`1h30m`, `1.5s`, `0`), with `d` for 24 hours besides. Less
 * than a millisecond counts as one, so that only zero is zero. Throws a TypeError for anything else, negative ones too.
 */
export function parseDuration(text: string): number {
  if (text === '0') return 0;
  let ms = 0;
  TERM.lastIndex = 0;
  while (TERM.lastIndex < text.length) {
    const term = TERM.exec(text);
    if (term === null) throw invalid(text);
    ms += Number(term[1]) * (UNIT_MS[term[2] ?? ''] ?? Number.NaN);
  }
  if (text === '' || !(ms <= MAX_MS)) throw invalid(text);
  return ms === 0 ? 0 : Math.max(1, Math.round(ms));
}

const invalid = (text: string): TypeError =>
  new TypeError(
    `${JSON.stringify(text.slice(0, 64))} is not a duration: write numbers with units (ms, s, m, h, d), such as 30s, 5m or 1h30m; at most 292 years`,
  );

const DAY_MS = 86_400_000;
const UNITS = [
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
  ['ms', 1],
] as const;

/** The shortest text that `parseDuration` reads back as the same number: `1h30m`, `7d` (days stand alone), `1s500ms`, `0s`. */
export function formatDuration(ms: number): string {
  if (!Number.isSafeInteger(ms) || ms < 0 || ms > MAX_MS)
    throw new RangeError(`${ms} is not a number of whole milliseconds from 0 to ${MAX_MS}`);
  if (ms === 0) return '0s';
  if (ms % DAY_MS === 0) return `${ms / DAY_MS}d`;
  let left = ms;
  let text = '';
  for (const [unit, size] of UNITS) {
    const count = Math.floor(left / size);
    if (count > 0) text += `${count}${unit}`;
    left -= count * size;
  }
  return text;
}
