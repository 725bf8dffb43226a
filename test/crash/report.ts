import type { Fault, Finding } from './oracle/judge.ts';

export interface TrialResult {
  readonly cell: string;
  readonly findings: readonly Finding[];
}

/** What `--json` prints. A trial with several findings of one class counts once in it. */
export interface Totals {
  readonly trials: number;
  readonly duplicates: number;
  readonly lost: number;
  readonly wrongTarget: number;
  readonly misreported: number;
  readonly unfired: number;
  readonly seed: number;
}

const COLUMNS: readonly (readonly [string, Fault])[] = [
  ['duplicates', 'duplicate'],
  ['lost', 'lost'],
  ['wrong target', 'wrongTarget'],
  ['misreported', 'misreported'],
  ['unfired', 'unfired'],
];
const WIDTH = 14;

const count = (results: readonly TrialResult[], fault: Fault): number =>
  results.filter(({ findings }) => findings.some((finding) => finding.fault === fault)).length;

export const totalsOf = (results: readonly TrialResult[], seed: number): Totals => ({
  trials: results.length,
  duplicates: count(results, 'duplicate'),
  lost: count(results, 'lost'),
  wrongTarget: count(results, 'wrongTarget'),
  misreported: count(results, 'misreported'),
  unfired: count(results, 'unfired'),
  seed,
});

export const isClean = ({ trials, seed: _seed, ...faults }: Totals): boolean =>
  trials > 0 && Object.values(faults).every((number) => number === 0);

/** One row per kind of disturbance and scenario, and the sum. */
export function tableOf(results: readonly TrialResult[]): string {
  const groups = Map.groupBy(results, ({ cell }) => cell.split('/').slice(0, 2).join('/'));
  const row = (name: string, rows: readonly TrialResult[]): string =>
    [
      name.padEnd(44),
      String(rows.length).padStart(8),
      ...COLUMNS.map(([, fault]) => String(count(rows, fault)).padStart(WIDTH)),
    ].join('');
  const header = ['cells'.padEnd(44), 'trials'.padStart(8), ...COLUMNS.map(([title]) => title.padStart(WIDTH))].join(
    '',
  );
  const body = [...groups.entries()].toSorted(([a], [b]) => a.localeCompare(b)).map(([name, rows]) => row(name, rows));
  return [header, ...body, row('all', results)].join('\n');
}

export const findingLines = (results: readonly TrialResult[]): string[] =>
  results.flatMap(({ cell, findings }) => findings.map(({ fault, detail }) => `${cell}: ${fault}: ${detail}`));
