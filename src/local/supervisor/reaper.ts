import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { extname } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { identify } from './process-identity.ts';

/** Pipes to a child process are sockets, which the types do not say. */
interface Refable {
  ref(): unknown;
  unref(): unknown;
}
type ReaperProcess = ChildProcessByStdio<Writable & Refable, Readable & Refable, null>;
interface Charge {
  readonly startedAt: string;
  /** While the reaper has not confirmed that it knows this process. */
  pending: PromiseWithResolvers<undefined> | undefined;
}

const MAX_USELESS_STARTS = 5;

/**
 * Ends the processes given to it when this process ends, even by `kill -9`: a small process of its own holds the list
 * and the other end of a pipe that the kernel closes with us. Linux only (it needs /proc).
 */
export class Reaper {
  readonly #charges = new Map<number, Charge>();
  #child: ReaperProcess | undefined;
  #uselessStarts = 0;
  #closed = false;

  /** The reaper's own process, once there is one. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /**
   * Puts a process, and the process group that it leads, on the list. Resolves when the reaper holds it; at once if the
   * process has ended already. Throws if no reaper can be started.
   */
  async register(pid: number): Promise<void> {
    if (this.#closed) throw new Error('this reaper is closed');
    const identity = identify(pid);
    if (identity === undefined) return;
    const pending = Promise.withResolvers<undefined>();
    this.#charges.set(pid, { startedAt: identity.startedAt, pending });
    if (this.#child === undefined) this.#start();
    else this.#write(this.#child, `+ ${pid} ${identity.startedAt}`);
    this.#holdOpenWhilePending();
    await pending.promise;
  }

  /** Takes a process off the list; call it as soon as the process has ended. */
  forget(pid: number): void {
    const charge = this.#charges.get(pid);
    if (charge === undefined) return;
    this.#charges.delete(pid);
    charge.pending?.resolve(undefined);
    if (this.#child !== undefined) this.#write(this.#child, `- ${pid}`);
    this.#holdOpenWhilePending();
  }

  /** Kills what is still on the list and ends the reaper's process. */
  close(): void {
    this.#closed = true;
    this.#child?.stdin.end();
  }

  #start(): void {
    const program = fileURLToPath(new URL(`./reaper-process${extname(import.meta.url)}`, import.meta.url));
    // Its own session, so that Ctrl-C in a terminal does not reach it; no environment, so that no NODE_OPTIONS do.
    const child = spawn(process.execPath, [program], {
      detached: true,
      stdio: ['pipe', 'pipe', 'ignore'],
      env: {},
    }) as ReaperProcess;
    this.#child = child;
    this.#uselessStarts++;
    child.stdin.on('error', () => undefined); // says the same as its `exit`
    createInterface({ input: child.stdout }).on('line', (line) => {
      this.#uselessStarts = 0;
      const charge = this.#charges.get(Number(line));
      charge?.pending?.resolve(undefined);
      if (charge !== undefined) charge.pending = undefined;
      this.#holdOpenWhilePending();
    });
    child.once('error', (error) => {
      this.#lost(error);
    });
    child.once('exit', (code, signal) => {
      this.#lost(new Error(`the reaper process ended (${signal ?? `exit ${code ?? '?'}`})`));
    });
    for (const [pid, { startedAt }] of this.#charges) this.#write(child, `+ ${pid} ${startedAt}`);
    this.#holdOpenWhilePending();
  }

  #lost(error: Error): void {
    this.#child = undefined;
    if (this.#closed || this.#charges.size === 0) return;
    if (this.#uselessStarts < MAX_USELESS_STARTS) {
      this.#start();
      return;
    }
    for (const charge of this.#charges.values()) charge.pending?.reject(error);
    this.#charges.clear();
  }

  /** The reaper alone must not keep this process from ending; an unconfirmed registration must. */
  #holdOpenWhilePending(): void {
    const child = this.#child;
    if (child === undefined) return;
    const pending = [...this.#charges.values()].some((charge) => charge.pending !== undefined);
    for (const handle of [child, child.stdin, child.stdout])
      if (pending) handle.ref();
      else handle.unref();
  }

  #write(child: ReaperProcess, line: string): void {
    child.stdin.write(`${line}\n`);
  }
}
