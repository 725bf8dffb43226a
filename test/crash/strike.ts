import type { Side } from './cell.ts';
import { Rule } from './proxy/rule.ts';
import type { SeenRequest } from './proxy/seen-request.ts';
import { isStepIn, signatureOf, type Step } from './steps.ts';

/**
 * Stops one healing at one side of one of its steps, until it is let go. Which step it is follows from the order of the
 * healing's writes; that it is the right one is checked by what it says.
 */
export class Strike {
  readonly rule: Rule;
  readonly #arrived = Promise.withResolvers<undefined>();
  readonly #replied = Promise.withResolvers<undefined>();
  readonly #letGo = Promise.withResolvers<'on' | 'cut'>();
  #misplaced: string | undefined;

  constructor(namespace: string, step: Step, side: Side) {
    const arrive = async (request: SeenRequest): Promise<'on' | 'cut'> => {
      const signature = signatureOf(request);
      if (signature !== step.signature) this.#misplaced = `struck ${signature} instead of ${step.signature}`;
      this.#arrived.resolve(undefined);
      return this.#letGo.promise;
    };
    this.rule = new Rule(
      { when: isStepIn(namespace), nth: step.index },
      {
        ...(side === 'before'
          ? { before: async (request) => ((await arrive(request)) === 'on' ? 'forward' : 'cut') }
          : { after: async (request) => ((await arrive(request)) === 'on' ? 'reply' : 'cut') }),
        replied: () => {
          this.#replied.resolve(undefined);
        },
      },
    );
  }

  /** The healing stands there. */
  get arrived(): Promise<undefined> {
    return this.#arrived.promise;
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
    return this.rule.fired === 0 ? 'the fault never struck' : this.#misplaced;
  }
}
