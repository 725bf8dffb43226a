import type { Side } from './cell.ts';
import { Rule } from './proxy/rule.ts';
import { matchOf, type Step } from './steps.ts';

/** Stops one healing at one side of one of its steps, until it is let go. */
export class Strike {
  readonly rule: Rule;
  #stands = false;
  readonly #arrived = Promise.withResolvers<undefined>();
  readonly #replied = Promise.withResolvers<undefined>();
  readonly #letGo = Promise.withResolvers<'on' | 'cut'>();

  constructor(namespace: string, step: Step, side: Side) {
    const arrive = async (): Promise<'on' | 'cut'> => {
      this.#stands = true;
      this.#arrived.resolve(undefined);
      return this.#letGo.promise;
    };
    this.rule = new Rule(matchOf(namespace, step), {
      ...(side === 'before'
        ? { before: async () => ((await arrive()) === 'on' ? 'forward' : 'cut') }
        : { after: async () => ((await arrive()) === 'on' ? 'reply' : 'cut') }),
      replied: () => {
        this.#replied.resolve(undefined);
      },
    });
  }

  /** The healing stands there. */
  get arrived(): Promise<undefined> {
    return this.#arrived.promise;
  }

  /** Whether it has come that far by now. */
  get hasArrived(): boolean {
    return this.#stands;
  }

  /** It has its answer. */
  get replied(): Promise<undefined> {
    return this.#replied.promise;
  }

  /** On it goes, or what it waits for is cut. */
  letGo(how: 'on' | 'cut'): void {
    this.#letGo.resolve(how);
  }

  /** Why it proves nothing. */
  get unfired(): string | undefined {
    return this.rule.fired === 0 ? 'the fault never struck' : undefined;
  }
}
