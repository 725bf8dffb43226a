import { readdirSync } from 'node:fs';
import {
  isAlive,
  processStat,
  type ProcessIdentity,
  type ProcessStat,
} from '../../../src/local/supervisor/process-identity.ts';

const LOOK_EVERY_MS = 50;

/**
 * Remembers every process that descends from one, by looking often: what was started belongs to it even after the
 * processes between have ended. What is not seen within the interval was not there for long.
 */
export class ProcessTree {
  readonly #root: number;
  readonly #seen = new Map<number, ProcessIdentity>();
  readonly #timer: NodeJS.Timeout;

  constructor(root: number) {
    this.#root = root;
    this.look();
    this.#timer = setInterval(() => {
      this.look();
    }, LOOK_EVERY_MS);
  }

  /** All descendants that run now. */
  get living(): readonly ProcessIdentity[] {
    return [...this.#seen.values()].filter(isAlive);
  }

  get size(): number {
    return this.#seen.size;
  }

  look(): void {
    const running = readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .flatMap((pid) => processStat(Number(pid)) ?? []);
    const children = Map.groupBy(running, ({ parent }) => parent);
    const visit = (pid: number): void => {
      for (const child of children.get(pid) ?? []) {
        this.#note(child);
        visit(child.pid);
      }
    };
    visit(this.#root);
    // Those whose parents are gone hang below init, with their own children still below them.
    for (const { pid } of this.living) visit(pid);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #note({ pid, startedAt }: ProcessStat): void {
    this.#seen.set(pid, { pid, startedAt });
  }
}
