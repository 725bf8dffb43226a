const UNITS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
] as const;

/** As kubectl shows ages: `45s`, `3m12s`, `5h3m`, `2d4h`, `40d`. */
export function age(ms: number): string {
  const left = Math.max(0, ms);
  for (const [index, [unit, size]] of UNITS.entries()) {
    const count = Math.floor(left / size);
    if (count === 0) continue;
    const next = UNITS[index + 1];
    const rest = next === undefined ? 0 : Math.floor((left - count * size) / next[1]);
    return next === undefined || rest === 0 || count >= 10 ? `${count}${unit}` : `${count}${unit}${rest}${next[0]}`;
  }
  return '0s';
}

/** The time since `since`, or `-` where there is none. */
export const ageSince = (since: string | undefined, now: Date): string => {
  const time = Date.parse(since ?? '');
  return Number.isNaN(time) ? '-' : age(now.getTime() - time);
};

/** `2026-11-25 12:00:03Z`: to be compared with logs, so in UTC. */
export const absolute = (time: number): string => `${new Date(time).toISOString().slice(0, 19).replace('T', ' ')}Z`;

/** How much later than `start`: `+0.25s`, `+12.3s`, `+5m3s`. */
export function offset(time: number, start: number): string {
  const ms = time - start;
  const sign = ms < 0 ? '-' : '+';
  const size = Math.abs(ms);
  if (size < 10_000) return `${sign}${(size / 1000).toFixed(2)}s`;
  return size < 60_000 ? `${sign}${(size / 1000).toFixed(1)}s` : `${sign}${age(size)}`;
}
