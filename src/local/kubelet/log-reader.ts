import { closeSync, existsSync, fstatSync, openSync, readSync, statSync } from 'node:fs';

export interface LogOptions {
  readonly follow: boolean;
  readonly tailLines?: number;
  /** Only lines from this time on; epoch ms. */
  readonly since?: number;
  readonly limitBytes?: number;
  readonly timestamps: boolean;
}

const CHUNK_BYTES = 64 * 1024;
const POLL_MS = 100;

/**
 * The lines of a log file as `kubectl logs` shows them, in pieces. With `follow` it goes on until `live()` is false and
 * everything was read, or `signal` aborts.
 */
export async function* readLog(
  path: string,
  options: LogOptions,
  live: () => boolean,
  signal: AbortSignal,
): AsyncGenerator<string> {
  let left = options.limitBytes ?? Number.POSITIVE_INFINITY;
  const show = (line: string): string => {
    const text = formatted(line, options);
    const bytes = Buffer.byteLength(text);
    const cut = bytes > left ? Buffer.from(text).subarray(0, left).toString('utf8') : text;
    left -= bytes;
    return cut;
  };
  const rotated = `${path}.1`;
  let position = 0;
  let skip = 0;
  if (options.tailLines !== undefined) {
    const own = countLines(path);
    if (own < options.tailLines && existsSync(rotated)) {
      skip = Math.max(0, countLines(rotated) - (options.tailLines - own));
      for (const line of linesOf(rotated)) if (skip-- <= 0 && left > 0) yield show(line);
      skip = 0;
    } else skip = Math.max(0, own - options.tailLines);
  } else if (existsSync(rotated)) for (const line of linesOf(rotated)) if (left > 0) yield show(line);

  let descriptor = openSync(path, 'r');
  let rest = Buffer.alloc(0);
  try {
    for (;;) {
      const wasLive = live(); // before the read: what is written until then is read once more
      const chunk = Buffer.alloc(CHUNK_BYTES);
      const bytes = readSync(descriptor, chunk, 0, CHUNK_BYTES, position);
      position += bytes;
      if (bytes > 0) {
        const whole = Buffer.concat([rest, chunk.subarray(0, bytes)]);
        const end = whole.lastIndexOf(10);
        rest = whole.subarray(end + 1);
        let piece = '';
        for (const line of whole
          .subarray(0, end + 1)
          .toString('utf8')
          .split('\n')
          .slice(0, -1))
          if (skip-- <= 0 && left > 0) piece += show(line);
        if (piece !== '') yield piece;
        if (left <= 0) return;
        continue;
      }
      if (!options.follow || signal.aborted) return;
      if (isRotated(path, descriptor)) {
        closeSync(descriptor);
        descriptor = openSync(path, 'r');
        position = 0;
        continue;
      }
      if (!wasLive) return;
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  } finally {
    closeSync(descriptor);
  }
}

/** From `time stream F|P text`: the text, with its time if wanted; nothing for a line before `since`. */
function formatted(line: string, options: LogOptions): string {
  const [time = '', stream = '', tag = ''] = line.split(' ', 3);
  if (options.since !== undefined && Date.parse(time) < options.since) return '';
  const text = line.slice(time.length + stream.length + tag.length + 3);
  return `${options.timestamps ? `${time} ` : ''}${text}${tag === 'P' ? '' : '\n'}`;
}

function isRotated(path: string, descriptor: number): boolean {
  try {
    return statSync(path).ino !== fstatSync(descriptor).ino;
  } catch {
    return false;
  }
}

function* linesOf(path: string): Generator<string> {
  const descriptor = openSync(path, 'r');
  let rest = '';
  try {
    const chunk = Buffer.alloc(CHUNK_BYTES);
    for (let bytes = readSync(descriptor, chunk); bytes > 0; bytes = readSync(descriptor, chunk)) {
      const lines = (rest + chunk.toString('latin1', 0, bytes)).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) yield Buffer.from(line, 'latin1').toString('utf8');
    }
  } finally {
    closeSync(descriptor);
  }
}

function countLines(path: string): number {
  let count = 0;
  for (const _ of linesOf(path)) count++;
  return count;
}
