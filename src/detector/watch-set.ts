import type { KubeObject } from '../api/meta.ts';
import type { ObjectWatch, ObjectWatchPort, WatchOptions } from '../ports/object-watch.ts';

type Member = Pick<ObjectWatch<KubeObject>, 'start' | 'stop' | 'synced' | 'silentForMs'>;

/** Several watches that are evidence only together: what one of them lacks may be what makes another's news wrong. */
export class WatchSet {
  readonly #port: ObjectWatchPort;
  readonly #onComplete: () => void;
  readonly #members = new Map<string, Member>();
  readonly #awaited = new Set<string>();
  #complete = false;

  /** `onComplete` is called once, when every watch has handed over everything that exists. */
  constructor(port: ObjectWatchPort, onComplete: () => void) {
    this.#port = port;
    this.#onComplete = onComplete;
  }

  /** All members are added before `start`. */
  add<T extends KubeObject>(options: Omit<WatchOptions<T>, 'onSynced'>): void {
    const { kind } = options.scope;
    this.#awaited.add(kind);
    const onSynced = (): void => {
      this.#awaited.delete(kind);
      if (this.#awaited.size > 0 || this.#complete) return;
      this.#complete = true;
      this.#onComplete();
    };
    this.#members.set(kind, this.#port.watch({ ...options, onSynced }));
  }

  start(): void {
    for (const member of this.#members.values()) member.start();
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#members.values()].map((member) => member.stop()));
  }

  /** Kinds that have not been handed over yet, or of which the server has been silent for longer than `limitMs`. */
  stale(limitMs: number): readonly string[] {
    return [...this.#members]
      .filter(([kind, { synced, silentForMs }]) => this.#awaited.has(kind) || !synced || silentForMs > limitMs)
      .map(([kind]) => kind);
  }
}
