import { textWidth } from '../../../src/local/demo/screen/line.ts';

/** A terminal in memory: understands cursor positions, erasing, line feeds and text, and throws at anything else. */
export class TerminalEmulator {
  columns: number;
  rows: number;
  writableNeedDrain = false;
  cursorVisible = true;
  /** What has left the screen at its top. */
  readonly scrolledOut: string[] = [];
  /** Characters written as text since the last look. */
  written = 0;
  #grid: string[];
  #row = 0;
  #column = 0;

  constructor(columns: number, rows: number) {
    this.columns = columns;
    this.rows = rows;
    this.#grid = new Array<string>(rows).fill('');
  }

  get screen(): readonly string[] {
    return this.#grid.map((line) => line.trimEnd());
  }

  get cursor(): { readonly row: number; readonly column: number } {
    return { row: this.#row, column: this.#column };
  }

  write(text: string): boolean {
    for (const [, escape, plain] of text.matchAll(/(\u001b\[[?\d;]*[A-Za-z])|([^\u001b]+)/g)) {
      if (escape !== undefined) this.#control(escape.slice(2));
      if (plain !== undefined) for (const character of plain) this.#put(character);
    }
    return true;
  }

  #control(sequence: string): void {
    const position = /^(\d+);(\d+)H$/.exec(sequence);
    if (position !== null) {
      this.#row = Math.min(this.rows, Number(position[1])) - 1;
      this.#column = Number(position[2]) - 1;
    } else if (sequence === 'K') this.#grid[this.#row] = (this.#grid[this.#row] ?? '').slice(0, this.#column);
    else if (sequence === 'J')
      this.#grid = this.#grid.map((line, row) =>
        row < this.#row ? line : row > this.#row ? '' : line.slice(0, this.#column),
      );
    else if (sequence === '2J') this.#grid.fill('');
    else if (sequence === '?25l') this.cursorVisible = false;
    else if (sequence === '?25h') this.cursorVisible = true;
    else if (!/^(\d*m|\?2026[hl])$/.test(sequence)) throw new Error(`unknown control sequence ESC[${sequence}`);
  }

  #put(character: string): void {
    if (character === '\n') {
      this.#column = 0;
      if (this.#row < this.rows - 1) this.#row++;
      else {
        this.scrolledOut.push((this.#grid.shift() ?? '').trimEnd());
        this.#grid.push('');
      }
      return;
    }
    if (character < ' ') throw new Error(`control character ${JSON.stringify(character)}`);
    const line = (this.#grid[this.#row] ?? '').padEnd(this.#column);
    this.#grid[this.#row] = line.slice(0, this.#column) + character + line.slice(this.#column + 1);
    this.#column += textWidth(character);
    this.written++;
    if (this.#column > this.columns) throw new Error('a line is longer than the terminal is wide');
  }
}
