import { createInterface } from 'node:readline/promises';

/** Asks on the terminal; only a clear yes is one. */
export async function confirmed(question: string): Promise<boolean> {
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const { promise: closed, resolve } = Promise.withResolvers<string>();
    lines.once('close', () => {
      resolve('');
    }); // Ctrl-D
    const answer = await Promise.race([lines.question(`${question} [y/N] `), closed]);
    return /^y(es)?$/i.test(answer.trim());
  } finally {
    lines.close();
  }
}

/** Whether there is somebody to be asked. */
export const canAsk = (): boolean => process.stdin.isTTY && process.stderr.isTTY;
