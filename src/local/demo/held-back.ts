import type { HealingAction } from '../../api/healing-action.ts';
import type { HealingPolicy } from '../../api/healing-policy.ts';
import { DEFAULTS } from '../../api/constants.ts';
import { parseDuration } from '../../domain/duration.ts';
import { byName } from '../../domain/naming.ts';

/** Why the policy does nothing although a trigger fires, in words; undefined if none does. `last` is what it did last. */
export function heldBack(policy: HealingPolicy, last: HealingAction | undefined, now: number): string | undefined {
  const { spec, status } = policy;
  const firing = status?.activeTriggers?.[0];
  if (firing === undefined) return undefined;
  const ended = last?.status?.completionTime;
  const decision = status?.decisions?.[0];
  if (decision !== undefined && decision.decision !== 'Created' && (ended === undefined || decision.time > ended))
    return `${firing} fires, but: ${decision.message ?? decision.reason}`;
  const cooldown = byName(spec.triggers, firing)?.cooldownPeriod ?? DEFAULTS.cooldownPeriod;
  const leftMs = ended === undefined ? 0 : Date.parse(ended) + parseDuration(cooldown) - now;
  if (leftMs <= 0) return undefined; // something will be done in a moment
  return `${firing} fires again; the policy's cooldown of ${cooldown} ends in ${Math.ceil(leftMs / 1000)} s`;
}
