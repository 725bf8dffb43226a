import type { Plan } from '../src/api/healing-action.ts';
import { describeTarget } from '../src/domain/target-ref.ts';
import type { Doable } from './record-effect.ts';

/** What is written: the target, or the object beside it that is changed for it. */
export const describeWritten = ({ target }: Plan, { on }: Doable): string =>
  describeTarget(
    on === undefined ? target : { kind: on.kind ?? '', namespace: target.namespace, name: on.metadata.name },
  );

/** Why the API server has found nothing to write to. */
export const describeGone = (plan: Plan, effect: Doable): string =>
  effect.write.type === 'create'
    ? `namespace ${plan.target.namespace} is gone or being deleted: nothing is created there any more`
    : `${describeWritten(plan, effect)} no longer exists`;
