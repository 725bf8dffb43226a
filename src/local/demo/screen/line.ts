/** Text of one style within a line. */
export interface Span {
  readonly text: string;
  readonly style?: Style;
}
export type Style = 'bold' | 'dim' | 'good' | 'bad' | 'busy' | 'link';
export type Line = readonly Span[];

const CODES: Readonly<Record<Style, string>> = { bold: '1', dim: '2', good: '32', bad: '31', busy: '33', link: '36' };

export const plain = (text: string): Span => ({ text });
export const styled = (style: Style, text: string): Span => ({ text, style });

/** What others wrote (messages, evidence) must not move the cursor or break the line. */
export const printable = (text: string): string =>
  text.replaceAll(/[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e]+/g, ' ');

const WIDE =
  /\p{Emoji_Presentation}|[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|[\u{20000}-\u{3fffd}]/u;
const ZERO = /^[\p{Mark}\u200b-\u200d]$/u;

const widthOf = (character: string): number => (ZERO.test(character) ? 0 : WIDE.test(character) ? 2 : 1);

/** Columns that a text takes. */
export function textWidth(text: string): number {
  let width = 0;
  for (const character of text) width += widthOf(character);
  return width;
}

export const lineWidth = (line: Line): number => line.reduce((sum, { text }) => sum + textWidth(text), 0);

/** The line as it is sent to a terminal, cut to `columns` with an ellipsis. */
export function renderLine(line: Line, columns: number, colour: boolean, ellipsis: string): string {
  let left = lineWidth(line) <= columns ? columns : columns - textWidth(ellipsis);
  const cut = lineWidth(line) > columns;
  let out = '';
  for (const { text, style } of line) {
    const part = take(text, left);
    left -= textWidth(part);
    out += colour && style !== undefined && part !== '' ? `\u001b[${CODES[style]}m${part}\u001b[0m` : part;
    if (part !== text) break;
  }
  return cut ? out + ellipsis : out;
}

function take(text: string, columns: number): string {
  let left = columns;
  let end = 0;
  for (const character of text) {
    left -= widthOf(character);
    if (left < 0) break;
    end += character.length;
  }
  return text.slice(0, end);
}
