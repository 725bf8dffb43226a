import type { LineFate } from './faults.ts';

/** Lets whole lines of a stream through, or not. */
export class LineFilter {
  readonly #fateOf: (line: string) => LineFate;
  #rest: Buffer = Buffer.alloc(0);

  constructor(fateOf: (line: string) => LineFate) {
    this.#fateOf = fateOf;
  }

  /** What is left of all lines that have become whole with this chunk, and whether the stream breaks off after them. */
  pass(chunk: Buffer): { readonly kept: Buffer; readonly cut: boolean } {
    const text = Buffer.concat([this.#rest, chunk]);
    const end = text.lastIndexOf('\n') + 1;
    this.#rest = text.subarray(end);
    let kept = '';
    for (const line of text.subarray(0, end).toString().split('\n')) {
      if (line === '') continue;
      const fate = this.#fateOf(line);
      if (fate === 'cut') return { kept: Buffer.from(kept), cut: true };
      if (fate === 'pass') kept += `${line}\n`;
    }
    return { kept: Buffer.from(kept), cut: false };
  }
}
