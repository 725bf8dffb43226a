export interface Terminal {
  readonly columns: number;
  readonly rows: number;
  readonly writableNeedDrain: boolean;
  write(text: string): unknown;
}

const HIDE_CURSOR = '\u001b[?25l';
const SHOW_CURSOR = '\u001b[?25h';
/** A terminal that knows these shows all that lies between at once; others ignore them. */
const BEGIN = '\u001b[?2026h';
const END = '\u001b[?2026l';

/**
 * Keeps the top of the terminal showing some lines, by writing those that changed and nothing else. What was on the
 * screen before is scrolled up, not overwritten.
 */
export class Painter {
  readonly #terminal: Terminal;
  #shown: readonly string[] = [];
  #open = false;

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  /** Lines must fit: no longer than the terminal is wide, no more than it is high. */
  paint(lines: readonly string[]): void {
    if (this.#open && this.#terminal.writableNeedDrain) return; // a slow terminal gets the next state instead
    let out = this.#open ? '' : `${'\n'.repeat(this.#terminal.rows)}${HIDE_CURSOR}`;
    this.#open = true;
    for (let row = 0; row < Math.max(lines.length, this.#shown.length); row++) {
      const line = lines[row] ?? '';
      if (line !== this.#shown[row]) out += `\u001b[${row + 1};1H${line}\u001b[K`;
    }
    this.#shown = [...lines];
    if (out === '') return;
    // Left below the last line, so that whatever else is printed lands there.
    this.#terminal.write(`${BEGIN}${out}\u001b[${lines.length + 1};1H${END}`);
  }

  /** The next paint writes everything: the terminal was resized, or something else wrote to it. */
  invalidate(): void {
    if (!this.#open) return;
    this.#shown = [];
    this.#terminal.write('\u001b[2J');
  }

  /** Leaves the last picture where it is and the cursor below it. */
  close(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#terminal.write(`\u001b[${this.#shown.length + 1};1H\u001b[J${SHOW_CURSOR}`);
    this.#shown = [];
  }
}
