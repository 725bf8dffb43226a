import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterEach } from '@jest/globals';
import { ProcessTree } from './process-tree.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));

/** A command that runs as a person would run it, and all that it starts. */
export class KubeskippyProcess {
  readonly child: ChildProcess;
  readonly tree: ProcessTree;
  readonly ended: Promise<number>;
  #output = '';
  #stdout = '';

  /** Leads its own process group, as a shell's job does. */
  constructor(command: string, args: readonly string[], env: NodeJS.ProcessEnv = {}) {
    this.child = spawn(command, args, {
      cwd: root,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...env },
    });
    this.tree = new ProcessTree(this.child.pid ?? 0);
    this.child.stdout?.on('data', (data: Buffer) => {
      this.#output += data.toString();
      this.#stdout += data.toString();
    });
    this.child.stderr?.on('data', (data: Buffer) => {
      this.#output += data.toString();
    });
    this.ended = once(this.child, 'exit').then(([code, signal]: (number | string | null)[]) =>
      typeof code === 'number' ? code : signal === null ? 1 : -1,
    );
  }

  /** All that it has written so far. */
  get output(): string {
    return this.#output;
  }

  get stdout(): string {
    return this.#stdout;
  }

  /** To the whole group, as Ctrl-C does. */
  signalGroup(signal: NodeJS.Signals): void {
    process.kill(-(this.child.pid ?? 0), signal);
  }

  /** Whatever happens, nothing of it is left behind by a test. */
  dispose(): void {
    this.tree.look();
    this.tree.stop();
    for (const { pid } of this.tree.living) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // gone
      }
    }
    this.child.kill('SIGKILL');
  }
}

/** Starts commands in the tests of a file; nothing of them outlives its test. */
export function processesForTests(): (...of: ConstructorParameters<typeof KubeskippyProcess>) => KubeskippyProcess {
  const running: KubeskippyProcess[] = [];
  afterEach(() => {
    for (const command of running.splice(0)) command.dispose();
  });
  return (...of) => {
    const command = new KubeskippyProcess(...of);
    running.push(command);
    return command;
  };
}

/** `kubeskippy …` without npm: the arguments of this Node. */
export const kubeskippyCommand = (...args: readonly string[]): readonly string[] => [
  '--disable-warning=ExperimentalWarning',
  `${root}/src/cli/main.ts`,
  ...args,
];

export const demoCommand = (...args: readonly string[]): readonly string[] => kubeskippyCommand('demo', ...args);
