import { formatDuration } from './duration.ts';

/** How far back an expression looks, or why that cannot be told. */
export type Reach = { readonly ms: number } | { readonly problem: string };

const UNIT_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 7 * 86_400_000,
  y: 365 * 86_400_000,
};
const DURATION = /^(?:\d+(?:ms|[smhdwy]))+$/;
const TERM = /(\d+)(ms|[smhdwy])/g;

/** Milliseconds of a PromQL duration, `1h30m` or a number of seconds; undefined for what is none, such as an expression. */
function durationMs(text: string): number | undefined {
  if (/^\d+(?:\.\d+)?$/.test(text)) return Number(text) * 1_000;
  if (!DURATION.test(text)) return undefined;
  return [...text.matchAll(TERM)].reduce((sum, [, count, unit]) => sum + Number(count) * (UNIT_MS[unit ?? ''] ?? 0), 0);
}

/** Texts and comments may hold anything. */
const withoutTexts = (query: string): string =>
  query.replaceAll(/"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`[^`]*`|#[^\n]*/g, '""');

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);

/**
 * The age of the oldest sample that a PromQL expression can take into account when it is evaluated now: at least that of
 * its largest range. Rather too much than too little; `lookbackMs` is how old a single sample may be. What a recording rule
 * has looked back itself cannot be seen from here.
 */
export function reachOf(query: string, lookbackMs: number): Reach {
  const bare = withoutTexts(query);
  if (bare.includes('@'))
    return { problem: 'it is fixed to a time by "@", so it would never show what comes after a change' };
  const brackets = [...bare.matchAll(/\[([^\]]*)\]/g)].map(([, inside = '']) => inside.trim());
  const ranges: number[] = [];
  const subqueries: number[] = [];
  for (const inside of brackets) {
    const [range = ''] = inside.split(':');
    const ms = durationMs(range.trim());
    if (ms === undefined) return { problem: `how far [${inside}] looks back cannot be told` };
    (inside.includes(':') ? subqueries : ranges).push(ms);
  }
  const offsets: number[] = [];
  for (const [, sign, text = ''] of bare.matchAll(/\boffset\b\s*([-+]?)\s*([^\s),=!\]}][^\s),\]}]*)/gi)) {
    const ms = durationMs(text);
    if (ms === undefined) return { problem: `how far "offset ${text}" looks back cannot be told` };
    if (sign !== '-') offsets.push(ms);
  }
  const offset = subqueries.length > 0 ? sum(offsets) : Math.max(0, ...offsets);
  const extended = /\b(?:anchored|smoothed)\b/.test(bare) ? lookbackMs : 0;
  return { ms: sum(subqueries) + Math.max(lookbackMs, ...ranges) + extended + offset };
}

/** For people. */
export const describeReach = (ms: number): string => formatDuration(Math.ceil(ms));
