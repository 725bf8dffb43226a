import type { HealingAction } from '../../api/healing-action.ts';
import type { Tone } from '../output/paint.ts';

/** One thing that happened to a healing, for people. */
export interface Moment {
  /** Milliseconds since the epoch; NaN where nobody has noted it. */
  readonly time: number;
  /** One word. */
  readonly step: string;
  readonly tone: Tone;
  /** One line. */
  readonly title: string;
  /** More lines, indented below. */
  readonly details: readonly Detail[];
}

export interface Detail {
  readonly text: string;
  readonly tone: Tone;
}

/** A Kubernetes Event as the API server lists it (events.k8s.io/v1). */
export interface ListedEvent {
  readonly metadata: { readonly name: string; readonly creationTimestamp?: string };
  readonly eventTime?: string | null;
  readonly type?: string;
  readonly reason?: string;
  readonly action?: string;
  readonly note?: string;
}

/** Everything that is known about one healing. */
export interface Known {
  readonly action: HealingAction;
  readonly events: readonly ListedEvent[];
}

export const timeOf = (text: string | undefined): number => Date.parse(text ?? '');
export const plain = (text: string): Detail => ({ text, tone: 'plain' });
export const dim = (text: string): Detail => ({ text, tone: 'dim' });

/** What was noted at no time stands where the story puts it: right behind the moment before it. */
export function inOrder(moments: readonly Moment[]): readonly Moment[] {
  let last = Number.NEGATIVE_INFINITY;
  return moments
    .map((moment, index) => {
      if (!Number.isNaN(moment.time)) last = moment.time;
      return { moment, index, at: Number.isNaN(moment.time) ? last : moment.time };
    })
    .sort((a, b) => a.at - b.at || a.index - b.index)
    .map(({ moment }) => moment);
}
