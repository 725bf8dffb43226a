import { shuffled, seededRandom } from '../support/random.ts';
import type { Scenario } from './scenario.ts';
import type { Step } from './steps.ts';
import { LOSSES, type LossKind, type Moment } from './watch-tap.ts';

/** Where a crash falls: nothing has happened; it has, and nobody knows; it has, and the healer knows. */
export const SIDES = ['before', 'after', 'replied'] as const;
export type Side = (typeof SIDES)[number];

/** What the proxy does to one request instead of passing it on. */
export const MISHAPS = ['cut-before', 'cut-after', '409', '429', '500', '503'] as const;
/** Writes of effects may also take their time. */
export const DELAYS = ['slow', 'too-slow'] as const;
export type Mishap = (typeof MISHAPS)[number] | (typeof DELAYS)[number];

/** What happens to a healing. */
export type Disturbance =
  | { readonly kind: 'none' }
  | {
      readonly kind: 'kill';
      readonly victim: 'worker' | 'temporal' | 'kube-apiserver';
      readonly step: Step;
      readonly side: Side;
    }
  /** The worker is stopped between what it has read and what it writes, and goes on when it is too late. */
  | { readonly kind: 'pause'; readonly step: Step }
  /** The request stays on its way until the healing has ended, and only then arrives. */
  | { readonly kind: 'late'; readonly step: Step }
  | { readonly kind: 'mishap'; readonly mishap: Mishap; readonly step: Step }
  /** A person deletes the healing while a write of it is on its way. */
  | { readonly kind: 'deleted'; readonly step: Step }
  /** The target's status is written 20 times a second. */
  | { readonly kind: 'busy' }
  /** What the watcher shall hear of does not reach it. */
  | { readonly kind: 'watch'; readonly moment: Moment; readonly loss: LossKind; readonly effect: Step };

export interface Cell {
  /** `kill-worker/restart-pod/5/after`: names it in one run and in the next. */
  readonly id: string;
  readonly scenario: Scenario;
  readonly disturbance: Disturbance;
}

/** So many at the same moment, without any fault. */
export const CROWD = 20;

/** Every cell of a scenario whose healing takes these steps. */
export function cellsOf(scenario: Scenario, steps: readonly Step[]): Cell[] {
  const { name } = scenario;
  const cell = (id: string, disturbance: Disturbance): Cell => ({ id, scenario, disturbance });
  const effect = steps.find((step) => step.effect);
  const claim = effect === undefined ? undefined : steps[effect.index - 2];
  const atEffect = (victim: 'temporal' | 'kube-apiserver'): Cell[] =>
    effect === undefined
      ? []
      : SIDES.map((side) =>
          cell(`kill-${victim}/${name}/${effect.index}/${side}`, { kind: 'kill', victim, step: effect, side }),
        );
  const moments: readonly Moment[] = [
    'begin',
    ...(scenario.approved === true ? ['approval' as const] : []),
    'deletion',
  ];
  const lossesAround = (step: Step | undefined): Cell[] =>
    step === undefined
      ? []
      : moments.flatMap((moment) =>
          LOSSES.map((loss) => cell(`watch/${name}/${moment}/${loss}`, { kind: 'watch', moment, loss, effect: step })),
        );
  return [
    ...steps.flatMap((step) =>
      SIDES.map((side) =>
        cell(`kill-worker/${name}/${step.index}/${side}`, { kind: 'kill', victim: 'worker', step, side }),
      ),
    ),
    ...steps.flatMap((step) =>
      [...MISHAPS, ...(step.effect ? DELAYS : [])].map((mishap) =>
        cell(`mishap/${name}/${step.index}/${mishap}`, { kind: 'mishap', mishap, step }),
      ),
    ),
    ...steps.map((step) => cell(`deleted/${name}/${step.index}`, { kind: 'deleted', step })),
    ...steps.map((step) => cell(`late/${name}/${step.index}`, { kind: 'late', step })),
    ...(claim === undefined ? [] : [cell(`pause/${name}/${claim.index}`, { kind: 'pause', step: claim })]),
    cell(`busy/${name}`, { kind: 'busy' }),
    ...atEffect('temporal'),
    ...atEffect('kube-apiserver'),
    ...lossesAround(effect),
  ];
}

export const crowdOf = (scenario: Scenario): Cell[] =>
  Array.from({ length: CROWD }, (_, index) => ({
    id: `crowd/${scenario.name}/${index + 1}`,
    scenario,
    disturbance: { kind: 'none' },
  }));

/** `size` cells by lot, from all scenarios and all kinds of disturbances in turn. */
export function sampled(cells: readonly Cell[], size: number, seed: number): Cell[] {
  const random = seededRandom(seed);
  const groups = [...Map.groupBy(cells, ({ id }) => id.split('/').slice(0, 2).join('/')).entries()].map(
    ([name, group]) => ({
      cells: shuffled(group, random),
      // Half of the draw is for what a crash of the worker does.
      weight: name.startsWith('kill-worker') ? 3 : 1,
    }),
  );
  const order = shuffled(groups, random);
  const chosen: Cell[] = [];
  while (chosen.length < size && order.some((group) => group.cells.length > 0))
    for (const group of order) chosen.push(...group.cells.splice(0, group.weight));
  return chosen.slice(0, size);
}
