import type { HealingAction, Plan } from '../src/api/healing-action.ts';
import type { HealingPolicy } from '../src/api/healing-policy.ts';
import type { Baseline } from '../src/domain/steps.ts';
import type { TargetRef } from '../src/domain/target-ref.ts';
import type { ClusterReader } from '../src/ports/cluster.ts';
import type { Metrics } from '../src/ports/metrics.ts';
import { baselineOf, healthSubject, viewWorkload, type WorkloadView } from './health-of-target.ts';
import { measuredBefore } from './measurements.ts';
import { neighboursBefore } from './neighbours.ts';
import type { ActivityPorts } from './ports.ts';
import { readOnce } from './read-once.ts';

/** What a healing's first claim waits for, begun as early as can be: the slowest part counts, and not their sum. */
export interface ClaimPreparation {
  /** The action with the finalizer that lets its deletion wait for the end. */
  readonly held: ReturnType<ActivityPorts['actions']['hold']>;
  /** What verification will compare with. */
  readonly baseline: Promise<Baseline>;
}

interface Opening extends Pick<ClaimPreparation, 'held'> {
  /** For all that hangs on the target: what was read for the view is not read again. */
  readonly cluster: ClusterReader;
  readonly view: Promise<WorkloadView | undefined>;
}

/**
 * Begins with what needs no policy; undefined where a claim was made before, which has it all, or none can be made any more.
 * Whoever does not come to the claim leaves a finalizer that the end of the healing takes away.
 */
export function openClaim(
  { actions, cluster }: Pick<ActivityPorts, 'actions' | 'cluster'>,
  action: HealingAction,
  plan: Plan,
): Opening | undefined {
  if (action.status?.claim !== undefined || action.metadata.deletionTimestamp !== undefined) return undefined;
  const reader = readOnce(cluster);
  return {
    held: awaitedLater(actions.hold(action)),
    cluster: reader,
    view: awaitedLater(viewWorkload(reader, healthSubject(plan), { quick: true })),
  };
}

/** Goes on with the rest. */
export const prepareClaim = (
  { metrics }: Pick<ActivityPorts, 'metrics'>,
  policy: HealingPolicy,
  plan: Plan,
  opening: Opening,
): ClaimPreparation => ({
  held: opening.held,
  baseline: awaitedLater(baseline(metrics, policy, healthSubject(plan), opening)),
});

async function baseline(
  metrics: Metrics,
  policy: HealingPolicy,
  subject: TargetRef,
  { cluster, view }: Opening,
): Promise<Baseline> {
  const [before, neighbours, measured] = await Promise.all([
    view,
    neighboursBefore(cluster, policy, subject),
    measuredBefore(metrics, policy),
  ]);
  return {
    ...baselineOf(before),
    ...(neighbours === undefined ? {} : { neighbours }),
    ...(measured === undefined ? {} : { measured }),
  };
}

/** By the claim; until then nobody is told of its failure. */
function awaitedLater<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined);
  return promise;
}
