/**
 * Order of two resource versions, or undefined if one is no integer. The API server's own clients may compare versions of
 * one resource as integers; versions are too large for a number.
 */
export function compareResourceVersions(left: string, right: string): -1 | 0 | 1 | undefined {
  if (!/^[0-9]+$/.test(left) || !/^[0-9]+$/.test(right)) return undefined;
  const [a, b] = [BigInt(left), BigInt(right)];
  return a < b ? -1 : a > b ? 1 : 0;
}

export const isOlder = (left: string, right: string): boolean => compareResourceVersions(left, right) === -1;

/** True also where the two cannot be compared. */
export const isNewer = (left: string, right: string): boolean => (compareResourceVersions(left, right) ?? 1) === 1;
