import { KubeskippyProcess, kubeskippyCommand } from '../local/kubeskippy-process.ts';

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  /** Both streams as they came. */
  readonly output: string;
}

/** Runs `kubeskippy …` as a process of its own, as a person would; it is over when this resolves. */
export async function runCommand(env: NodeJS.ProcessEnv, ...args: readonly string[]): Promise<Ran> {
  const command = new KubeskippyProcess(process.execPath, kubeskippyCommand(...args), env);
  try {
    const code = await command.ended;
    return { code, stdout: command.stdout, output: command.output };
  } finally {
    command.dispose();
  }
}
