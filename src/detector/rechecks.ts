import type { Clock } from '../ports/clock.ts';

interface Alarm {
  readonly at: number;
  readonly cancel: () => void;
}

/** One alarm per object: looks at it again when time alone may have changed the answer. */
export class Rechecks {
  readonly #clock: Clock;
  readonly #recheck: (uid: string) => void;
  readonly #alarms = new Map<string, Alarm>();

  constructor(clock: Clock, recheck: (uid: string) => void) {
    this.#clock = clock;
    this.#recheck = recheck;
  }

  get size(): number {
    return this.#alarms.size;
  }

  /** Replaces the object's alarm; undefined: it needs none. Milliseconds. */
  set(uid: string, afterMs: number | undefined): void {
    this.#alarms.get(uid)?.cancel();
    this.#alarms.delete(uid);
    if (afterMs === undefined) return;
    const cancel = this.#clock.after(Math.max(1, afterMs), () => {
      this.#alarms.delete(uid);
      this.#recheck(uid);
    });
    this.#alarms.set(uid, { at: this.#clock.now() + afterMs, cancel });
  }

  /** Moves the object's alarm forward if it is later or there is none. */
  noLaterThan(uid: string, afterMs: number | undefined): void {
    if (afterMs === undefined) return;
    const alarm = this.#alarms.get(uid);
    if (alarm === undefined || alarm.at > this.#clock.now() + afterMs) this.set(uid, afterMs);
  }

  stop(): void {
    for (const { cancel } of this.#alarms.values()) cancel();
    this.#alarms.clear();
  }
}
