/** Lets whole lines of a stream through, or not. */
export class LineFilter {
  readonly #keeps: (line: string) => boolean;
  #rest: Buffer = Buffer.alloc(0);

  constructor(keeps: (line: string) => boolean) {
    this.#keeps = keeps;
  }

  /** What is left of all lines that have become whole with this chunk. */
  pass(chunk: Buffer): Buffer {
    const text = Buffer.concat([this.#rest, chunk]);
    const end = text.lastIndexOf('\n') + 1;
    this.#rest = text.subarray(end);
    const kept = text
      .subarray(0, end)
      .toString()
      .split('\n')
      .filter((line) => line !== '' && this.#keeps(line));
    return Buffer.from(kept.map((line) => `${line}\n`).join(''));
  }
}
