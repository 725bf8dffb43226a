import type { HealingAction, Plan } from '../src/api/healing-action.ts';
import type { Baseline } from '../src/domain/steps.ts';
import type { Measurement } from '../src/domain/verdict.ts';
import { measuredNow } from './measurements.ts';
import { neighboursNow } from './neighbours.ts';
import type { ActivityPorts } from './ports.ts';

/**
 * A target that is well is healed only if the policy's measurements are in order too, and no neighbour is worse. Of one that
 * is not well they are not asked: it needs no further proof of that.
 */
export async function withFurtherChecks(
  ports: ActivityPorts,
  action: HealingAction,
  plan: Plan,
  own: Measurement,
  { baseline, elapsedMs }: { readonly baseline: Baseline; readonly elapsedMs: number },
): Promise<Measurement> {
  if (own.state !== 'healthy') return own;
  const { namespace, name } = action.spec.policyRef;
  const policy = plan.verification?.queries === undefined ? undefined : await ports.policies.read({ namespace, name });
  const [measured, neighbours] = await Promise.all([
    measuredNow(ports.metrics, policy, plan, elapsedMs),
    neighboursNow(ports.cluster, baseline.neighbours, plan.target.namespace),
  ]);
  const checks = [...measured, neighbours];
  const against = checks.find(({ verdict }) => verdict !== undefined && verdict !== 'healthy');
  if (against?.verdict === undefined) return { ...own, checks };
  return { ...own, state: against.verdict, detail: `${against.check}: ${against.value}`, checks };
}
