import type { ApiProxy } from './proxy/api-proxy.ts';
import { answered, type LineFate } from './proxy/faults.ts';
import { Rule } from './proxy/rule.ts';
import type { SeenRequest } from './proxy/seen-request.ts';

/** What the lines tell that do not arrive: that there is a healing, that a person agrees, that a person deletes it. */
export type Moment = 'begin' | 'approval' | 'deletion';

/** The watch breaks off at the line; or it goes on without it, later breaks off, and what was missed cannot be had again. */
export const LOSSES = ['cut', 'lost'] as const;
export type LossKind = (typeof LOSSES)[number];

const HISTORY_GONE_AFTER_MS = 3_000;

interface Line {
  readonly object: {
    readonly metadata: {
      readonly namespace?: string;
      readonly deletionTimestamp?: string;
      readonly annotations?: Readonly<Record<string, string>>;
    };
    readonly spec?: { readonly approval?: unknown };
  };
}

/** Lines about one healing that do not arrive. */
export class Loss {
  readonly #namespace: string;
  readonly #moment: Moment;
  readonly kind: LossKind;
  readonly #struck = Promise.withResolvers<undefined>();
  #lines = 0;

  constructor(namespace: string, moment: Moment, kind: LossKind) {
    this.#namespace = namespace;
    this.#moment = moment;
    this.kind = kind;
  }

  get struck(): Promise<undefined> {
    return this.#struck.promise;
  }

  /** How many have been lost. */
  get lines(): number {
    return this.#lines;
  }

  takes({ object: { metadata, spec } }: Line): boolean {
    if (metadata.namespace !== this.#namespace) return false;
    if (this.#moment === 'approval' && spec?.approval === undefined) return false;
    if (this.#moment === 'deletion' && metadata.deletionTimestamp === undefined) return false;
    this.#lines += 1;
    this.#struck.resolve(undefined);
    return true;
  }
}

const isWatch = ({ path }: Pick<SeenRequest, 'path'>): boolean =>
  path.includes('/healingactions?') && /[?&]watch=true/.test(path);
const isResumed = ({ path }: Pick<SeenRequest, 'path'>): boolean =>
  isWatch({ path }) && !path.includes('sendInitialEvents');

/** Sits on the watcher's watch of HealingActions. */
export class WatchTap {
  readonly #proxy: Pick<ApiProxy, 'add' | 'cutAndThaw'>;
  readonly #losses = new Set<Loss>();
  #historyIsGone = false;
  /**
   * What exists is being told. News can get lost; but a list that leaves out what there is would be a lie, by which an action is
   * gone.
   */
  #listing = false;

  constructor(proxy: Pick<ApiProxy, 'add' | 'cutAndThaw'>) {
    this.#proxy = proxy;
    proxy.add(new Rule({ when: (request) => isResumed(request) && this.#takeHistoryIsGone() }, answered(410)));
    proxy.add(
      new Rule(
        {
          when: (request) => {
            if (!isWatch(request)) return false;
            this.#listing = !isResumed(request);
            return true;
          },
        },
        { line: (line) => this.#fateOf(line) },
      ),
    );
  }

  lose(namespace: string, moment: Moment, kind: LossKind): Loss {
    const loss = new Loss(namespace, moment, kind);
    this.#losses.add(loss);
    return loss;
  }

  forget(loss: Loss): void {
    this.#losses.delete(loss);
  }

  #fateOf(text: string): LineFate {
    if (this.#losses.size === 0 && !this.#listing) return 'pass';
    const line = JSON.parse(text) as Line;
    if (this.#listing) {
      this.#listing = line.object.metadata.annotations?.['k8s.io/initial-events-end'] !== 'true';
      return 'pass';
    }
    const loss = [...this.#losses].find((candidate) => candidate.takes(line));
    if (loss === undefined) return 'pass';
    if (loss.kind === 'cut') {
      this.forget(loss);
      return 'cut';
    }
    if (loss.lines === 1)
      setTimeout(() => {
        this.#loseHistory(loss);
      }, HISTORY_GONE_AFTER_MS).unref();
    return 'drop';
  }

  #loseHistory(loss: Loss): void {
    this.forget(loss);
    this.#historyIsGone = true;
    this.#proxy.cutAndThaw();
  }

  #takeHistoryIsGone(): boolean {
    const was = this.#historyIsGone;
    this.#historyIsGone = false;
    return was;
  }
}
