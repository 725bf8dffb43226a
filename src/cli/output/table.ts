import { noPaint, type Paint, type Tone } from './paint.ts';

export interface Cell {
  readonly text: string;
  readonly tone: Tone;
}
export type Row = readonly (string | Cell)[];

const GAP = '  ';

const textOf = (cell: string | Cell): string => (typeof cell === 'string' ? cell : cell.text);

/** One line per row, columns aligned, nothing behind the last one. Control characters never reach the terminal. */
export function tableLines(rows: readonly Row[], paint: Paint = noPaint): string[] {
  const clean = rows.map((row) =>
    row.map(
      (cell) => ({ text: printable(textOf(cell)), tone: typeof cell === 'string' ? 'plain' : cell.tone }) as const,
    ),
  );
  const widths: number[] = [];
  for (const row of clean)
    for (const [column, { text }] of row.entries()) widths[column] = Math.max(widths[column] ?? 0, width(text));
  return clean.map((row) =>
    row
      .map(({ text, tone }, column) => {
        const padding = column === row.length - 1 ? '' : ' '.repeat((widths[column] ?? 0) - width(text));
        return paint(tone, text) + padding;
      })
      .join(GAP)
      .trimEnd(),
  );
}

/** What people write into names of users and comments must not move the cursor or forge a line. */
export const printable = (text: string): string => text.replace(/\p{Cc}+/gu, ' ');

/** In characters, close enough for what Kubernetes names are made of. */
const width = (text: string): number => Array.from(text).length;
