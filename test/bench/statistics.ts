/** The smallest value that at least this share (0 to 1) of the values do not exceed. NaN for no values. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}

export const median = (values: readonly number[]): number => percentile(values, 0.5);

export const round = (value: number, digits = 1): number => Number(value.toFixed(digits));

/** In milliseconds. */
export interface Latency {
  readonly p50: number;
  readonly p99: number;
  readonly n: number;
}

export const latencyOf = (microseconds: readonly number[]): Latency => ({
  p50: round(percentile(microseconds, 0.5) / 1000),
  p99: round(percentile(microseconds, 0.99) / 1000),
  n: microseconds.length,
});
