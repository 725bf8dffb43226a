import { KEYS } from '../src/api/constants.ts';
import type { HealingAction } from '../src/api/healing-action.ts';
import type { HealingPolicy } from '../src/api/healing-policy.ts';
import { isTrue } from '../src/domain/condition.ts';
import { byName } from '../src/domain/naming.ts';
import { retryObjection } from '../src/domain/retry-of.ts';
import type { ObjectRef } from '../src/domain/target-ref.ts';
import type { ActivityPorts } from './ports.ts';
import { cooldownOf } from './rules-of-plan.ts';

export type RetryCheck =
  /** `earlier` is absent for an action that is no retry, or whose retry was accepted before. */
  { readonly stands: true; readonly earlier?: HealingAction } | { readonly stands: false; readonly why: string };

/**
 * Whether the action may call itself a retry. Asked once: when it has been accepted, the earlier one may be removed. A
 * retry gains nothing by it; it has to be covered by its policy like any other.
 */
export async function checkRetry(
  { actions }: Pick<ActivityPorts, 'actions'>,
  { namespace }: ObjectRef,
  action: HealingAction,
): Promise<RetryCheck> {
  const { retryOf } = action.spec;
  if (retryOf === undefined || isTrue(action.status?.conditions, 'Accepted')) return { stands: true };
  const earlier = await actions.read({ namespace, name: retryOf.name });
  const why = retryObjection(action, earlier);
  if (why !== undefined || earlier === undefined) return { stands: false, why: why ?? '' };
  return { stands: true, earlier };
}

/**
 * The policy learns that the trouble is being treated again, so that it does not make an action of its own beside this
 * one. What comes of it counts for the trouble; but it is no other rung.
 */
export async function tellOfRetry(
  { mailbox }: Pick<ActivityPorts, 'mailbox'>,
  { uid, name }: ObjectRef,
  earlier: HealingAction,
  policy: HealingPolicy,
): Promise<void> {
  const episode = earlier.metadata.annotations?.[KEYS.episode];
  const trigger = earlier.spec.trigger?.name;
  if (episode === undefined || trigger === undefined) return;
  const cooldownMs = cooldownOf(byName(policy.spec.triggers, trigger));
  await mailbox.retryStarted(policy.metadata.uid, { uid, name, episode, trigger, cooldownMs });
}
