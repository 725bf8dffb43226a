import { once } from 'node:events';

function notMinding(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error;
}

/**
 * From now on nobody minds that a reader, such as `head`, has had enough: what is still printed goes nowhere, and the
 * command goes on to its end, with its own exit code.
 */
export function allowClosedPipe(): void {
  for (const stream of [process.stdout, process.stderr]) stream.on('error', notMinding);
}

/** What a worker writes to standard output is its record: without a reader it ends, like all programs that cannot write. */
export function needPipe(): void {
  for (const stream of [process.stdout, process.stderr]) stream.off('error', notMinding);
}

/** Resolves when nobody reads any more what is printed, which only printing shows. */
export async function outputClosed(): Promise<void> {
  await once(process.stdout, 'error');
}
