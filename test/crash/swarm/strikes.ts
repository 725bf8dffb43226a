import { setTimeout as sleep } from 'node:timers/promises';
import type { Supervisor } from '../../../src/local/supervisor/supervisor.ts';
import { eventually } from '../../support/eventually.ts';

/** Between two deaths of workers: milliseconds, by lot. */
const GAP_MS = { least: 1_000, most: 4_000 } as const;
const CONTROLLER_MS = { least: 200, most: 4_000 } as const;
const BACK_WITHIN_MS = 60_000;

export interface StrikesOptions {
  readonly supervisor: Supervisor;
  readonly workers: readonly string[];
  readonly controller: string;
  /** How many times a worker dies; 0: nobody is killed. */
  readonly deaths: number;
  readonly random: () => number;
  readonly say: (line: string) => void;
}

/** `kill -9`, of one worker after the other and once of the controller, each at a random moment. All are started again. */
export class Strikes {
  readonly #options: StrikesOptions;
  readonly #over = new AbortController();
  readonly #kills: string[] = [];
  #running: Promise<unknown> = Promise.resolve();
  #began = 0;

  constructor(options: StrikesOptions) {
    this.#options = options;
  }

  /** What was killed so far, in order. */
  get kills(): readonly string[] {
    return this.#kills;
  }

  start(): void {
    this.#began = Date.now();
    this.#running = Promise.all([this.#workers(), this.#controller()]);
  }

  /** Kills nobody any more; resolves when all are back. */
  async stop(): Promise<void> {
    this.#over.abort();
    await this.#running;
    const { workers, controller } = this.#options;
    for (const name of [...workers, controller]) await this.#back(name);
  }

  async #workers(): Promise<void> {
    const { workers, deaths } = this.#options;
    for (let turn = 0; turn < deaths && (await this.#passes(GAP_MS)); turn++) {
      const name = workers[turn % workers.length] ?? '';
      await this.#back(name); // who is not yet back has nothing to lose
      if (!this.#over.signal.aborted) this.#kill(name);
    }
  }

  async #controller(): Promise<void> {
    if (this.#options.deaths > 0 && (await this.#passes(CONTROLLER_MS))) this.#kill(this.#options.controller);
  }

  /** False when it is over. */
  #passes({ least, most }: { readonly least: number; readonly most: number }): Promise<boolean> {
    const ms = least + this.#options.random() * (most - least);
    return sleep(ms, true, { signal: this.#over.signal }).catch(() => false);
  }

  #kill(name: string): void {
    const { supervisor, say } = this.#options;
    supervisor.kill(name, 'SIGKILL');
    this.#kills.push(name);
    say(`kill -9 ${name} after ${Date.now() - this.#began} ms`);
  }

  async #back(name: string): Promise<void> {
    await eventually(
      () => {
        if (this.#options.supervisor.get(name).state !== 'ready') throw new Error(`${name} does not come back`);
      },
      BACK_WITHIN_MS,
      20,
    );
  }
}
