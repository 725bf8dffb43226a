import { readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { isAlive, processStat, type ProcessIdentity } from '../supervisor/process-identity.ts';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
/** npm, and some terminals, pass one Ctrl-C on twice. */
const SAME_INTERRUPTION_MS = 700;
const LOOK_AT_ANCESTORS_MS = 500;

export interface Interruption {
  /** Aborted by the first signal, or when the npm that started us, or whoever reads what we write, is gone. */
  readonly signal: AbortSignal;
  /** What a program exits with that was ended by that signal (`130`); undefined while there was none. */
  readonly exitCode: number | undefined;
}

/**
 * Turns the first SIGINT, SIGTERM or SIGHUP into an abort, so that everything is ended in order. A second one ends this
 * process at once; its children end with it.
 */
export function listenForInterruption(): Interruption {
  const controller = new AbortController();
  let exitCode: number | undefined;
  let interruptedAt = 0;
  const end = (signal: (typeof SIGNALS)[number] | 'SIGPIPE'): void => {
    if (exitCode !== undefined) return;
    exitCode = 128 + constants.signals[signal];
    interruptedAt = Date.now();
    controller.abort(new Error(`interrupted by ${signal}`));
  };
  for (const signal of SIGNALS)
    process.on(signal, () => {
      if (exitCode !== undefined && Date.now() - interruptedAt > SAME_INTERRUPTION_MS) process.exit(exitCode);
      end(signal);
    });
  // Nobody reads any more what we write: `| head`, or a terminal that is gone.
  for (const stream of [process.stdout, process.stderr])
    stream.on('error', () => {
      end('SIGPIPE');
    });
  const ancestors = npmAbove(process.pid);
  if (ancestors.length > 0)
    setInterval(() => {
      if (!ancestors.every(isAlive)) end('SIGTERM');
    }, LOOK_AT_ANCESTORS_MS).unref();
  return {
    signal: controller.signal,
    get exitCode() {
      return exitCode;
    },
  };
}

/** npm and the shell between: npm dies of SIGHUP, and the shell of a SIGTERM to npm, without passing it on. */
function npmAbove(pid: number): readonly ProcessIdentity[] {
  const found: ProcessIdentity[] = [];
  let process = processStat(pid);
  for (let levels = 0; levels < 3 && process !== undefined; levels++) {
    process = processStat(process.parent);
    if (process === undefined) break;
    found.push(process);
    if (commandOf(process.pid).startsWith('npm')) return found;
  }
  return []; // not started by npm: whoever started us may well end before us
}

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/comm`, 'latin1');
  } catch {
    return '';
  }
}
