import { execFile } from 'node:child_process';

const TIMEOUT_MS = 20_000;

export interface BriefRun {
  /** Exit code; undefined if the program could not be run, was killed, or took too long. */
  readonly code: number | undefined;
  readonly output: string;
}

/** Runs a program that says something and ends (`--version`); never throws. */
export function runBriefly(
  command: string,
  args: readonly string[],
  env = process.env,
  timeout = TIMEOUT_MS,
): Promise<BriefRun> {
  return new Promise((resolve) => {
    const options = { timeout, killSignal: 'SIGKILL', env, encoding: 'utf8' } as const;
    execFile(command, args, options, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : undefined;
      resolve({ code, output: `${stdout}${stderr}` });
    });
  });
}
