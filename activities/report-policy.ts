import { REASONS } from '../src/api/constants.ts';
import { setConditions } from '../src/domain/condition.ts';
import { notHonoured } from '../src/domain/not-honoured.ts';
import type { ObjectRef } from '../src/domain/target-ref.ts';
import type { PolicySummary } from '../src/domain/policy-summary.ts';
import type { ActivityPorts } from './ports.ts';

/** What the policy's workflow holds, where `kubectl get hp` and `kubectl describe hp` show it. */
export async function reportPolicy(
  { policies }: ActivityPorts,
  ref: ObjectRef,
  summary: PolicySummary,
  now: () => Date,
): Promise<'reported' | 'policy-gone'> {
  const time = now().toISOString();
  const updated = await policies.update(ref, (policy) => {
    const missing = notHonoured(policy.spec, ref.namespace);
    const limited = summary.held.length > 0;
    const monitor = policy.spec.mode === undefined || policy.spec.mode === 'monitor';
    return {
      ...policy.status,
      observedGeneration: summary.generation,
      lastEvaluated: time,
      activeTriggers: summary.activeTriggers,
      notHonoured: missing,
      counts: {
        selected: summary.selected,
        unhealthy: summary.unhealthy,
        firing: summary.firing,
        suppressed: summary.held.length + summary.overflow,
      },
      conditions: setConditions(
        policy.status?.conditions,
        [
          {
            type: 'Ready',
            status: 'True',
            reason: missing.length === 0 ? REASONS.Ready.evaluating : REASONS.Ready.partlyHonoured,
            message:
              missing.length === 0
                ? `watching ${summary.selected} objects`
                : `watching ${summary.selected} objects; not honoured yet: ${missing.join(', ')}`,
          },
          {
            type: 'RemediationAllowed',
            status: monitor || limited ? 'False' : 'True',
            reason: monitor
              ? REASONS.RemediationAllowed.monitor
              : limited
                ? REASONS.RemediationAllowed.rateLimited
                : REASONS.RemediationAllowed.allowed,
            message: limited
              ? summary.held.join('; ')
              : monitor
                ? 'nothing is done in mode monitor'
                : 'actions are created when triggers fire',
          },
        ],
        time,
        summary.generation,
      ),
    };
  });
  return updated === undefined ? 'policy-gone' : 'reported';
}
