import { closeSync, openSync, renameSync, writeSync } from 'node:fs';

const ROTATE_AT_BYTES = 10 * 1024 * 1024;
const LONGEST_LINE = 16 * 1024;

export type LogStream = 'stdout' | 'stderr';

/** A container's log as a container runtime writes it: `time stream F|P text`, one rotated predecessor at most. */
export class LogFile {
  readonly #path: string;
  readonly #rest: Record<LogStream, string> = { stdout: '', stderr: '' };
  #descriptor: number;
  #bytes = 0;
  #closed = false;

  constructor(path: string) {
    this.#path = path;
    this.#descriptor = openSync(path, 'a');
  }

  /** Adds output as it comes; incomplete lines wait for their end. */
  append(stream: LogStream, chunk: string): void {
    const lines = (this.#rest[stream] + chunk).split('\n');
    this.#rest[stream] = lines.pop() ?? '';
    for (const line of lines) this.#write(stream, line);
    while (this.#rest[stream].length > LONGEST_LINE) {
      this.#put(stream, 'P', this.#rest[stream].slice(0, LONGEST_LINE));
      this.#rest[stream] = this.#rest[stream].slice(LONGEST_LINE);
    }
  }

  close(): void {
    if (this.#closed) return;
    for (const stream of ['stdout', 'stderr'] as const)
      if (this.#rest[stream] !== '') this.#write(stream, this.#rest[stream]);
    this.#closed = true;
    closeSync(this.#descriptor);
  }

  #write(stream: LogStream, line: string): void {
    let rest = line;
    while (rest.length > LONGEST_LINE) {
      this.#put(stream, 'P', rest.slice(0, LONGEST_LINE));
      rest = rest.slice(LONGEST_LINE);
    }
    this.#put(stream, 'F', rest);
  }

  #put(stream: LogStream, tag: 'F' | 'P', text: string): void {
    if (this.#closed) return;
    try {
      this.#bytes += writeSync(this.#descriptor, `${timestamp()} ${stream} ${tag} ${text}\n`);
      if (this.#bytes >= ROTATE_AT_BYTES) this.#rotate();
    } catch {
      // A full disk loses lines; it must not take the node down.
    }
  }

  #rotate(): void {
    closeSync(this.#descriptor);
    renameSync(this.#path, `${this.#path}.1`);
    this.#descriptor = openSync(this.#path, 'a');
    this.#bytes = 0;
  }
}

/** RFC 3339 with nanoseconds, of which this clock knows the first six digits. */
function timestamp(): string {
  const now = performance.timeOrigin + performance.now();
  const micros = Math.floor((now % 1) * 1000);
  return new Date(now).toISOString().replace('Z', `${String(micros).padStart(3, '0')}000Z`);
}
