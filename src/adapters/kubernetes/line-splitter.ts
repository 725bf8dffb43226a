const LINE_FEED = 0x0a;

/** A line grew over the limit: whoever sends this is not an API server that we can follow. */
export class LineTooLongError extends Error {
  override readonly name = 'LineTooLongError';
}

/**
 * Cuts a byte stream into lines at 0x0A only. `node:readline` also cuts at U+2028, which a proxy may leave unescaped inside
 * a JSON string. Holds one unfinished line, at most `maxBytes`.
 */
export class LineSplitter {
  readonly #maxBytes: number;
  #parts: Buffer[] = [];
  #held = 0;

  constructor(maxBytes = 64 * 1024 * 1024) {
    this.#maxBytes = maxBytes;
  }

  /** Bytes of the unfinished line: not 0 at the end of the stream means that it was cut off. */
  get unfinishedBytes(): number {
    return this.#held;
  }

  /** The non-empty lines that `chunk` completes, without their line feed. */
  *push(chunk: Buffer): Generator<Buffer> {
    let start = 0;
    for (let end = chunk.indexOf(LINE_FEED); end >= 0; end = chunk.indexOf(LINE_FEED, start)) {
      const line = this.#complete(chunk.subarray(start, end));
      start = end + 1;
      if (line.length > 0) yield line;
    }
    if (start < chunk.length) this.#hold(chunk.subarray(start));
  }

  #complete(tail: Buffer): Buffer {
    if (this.#parts.length === 0) return tail;
    const line = Buffer.concat([...this.#parts, tail]);
    this.#parts = [];
    this.#held = 0;
    return line;
  }

  #hold(part: Buffer): void {
    this.#held += part.length;
    if (this.#held > this.#maxBytes) throw new LineTooLongError(`a line exceeds ${this.#maxBytes} bytes`);
    this.#parts.push(part);
  }
}
