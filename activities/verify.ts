import type { FiredTrigger, HealingAction, Plan } from '../src/api/healing-action.ts';
import { actionFor } from '../src/actions/index.ts';
import { wantedReplicas, workloadHealth } from '../src/domain/health.ts';
import { autoscalerOf } from '../src/domain/scaler.ts';
import type { Baseline } from '../src/domain/steps.ts';
import { describeTarget, type ObjectRef } from '../src/domain/target-ref.ts';
import type { FinalVerdict, Measurement } from '../src/domain/verdict.ts';
import { compileTrigger } from '../src/triggers/index.ts';
import { withFurtherChecks } from './further-checks.ts';
import { outlook } from './outlook.ts';
import { healthSubject, viewWorkload, type WorkloadView } from './health-of-target.ts';
import type { ActivityPorts } from './ports.ts';
import { asTarget, changed } from './record.ts';
import { resolved } from './traces.ts';
import { verdictRecord } from './verdict-record.ts';

/** One look at the live target, at evidence that is causally newer than the effect. Never a cache, never a clock. */
export async function measure(
  ports: ActivityPorts,
  ref: ObjectRef,
  digest: string,
  since: { readonly baseline: Baseline; readonly elapsedMs: number },
  now: () => Date,
): Promise<Measurement> {
  const action = await ports.actions.read(ref);
  const plan = action?.status?.plan;
  if (action === undefined || plan === undefined || action.status?.planDigest !== digest)
    return { state: 'unknown', detail: 'the record of the action is missing' };
  const own = await ofTarget(ports, action, plan, since.baseline, now);
  return withFurtherChecks(ports, action, plan, own, since);
}

/** The target itself, and the trigger that fired. */
async function ofTarget(
  ports: ActivityPorts,
  action: HealingAction,
  plan: Plan,
  baseline: Baseline,
  now: () => Date,
): Promise<Measurement> {
  const seen = await outlook(ports.cluster, action, plan);
  if (seen !== undefined && seen.state !== 'elsewhere') return seen;
  const subject = seen?.subject ?? healthSubject(plan);
  const view = await viewWorkload(ports.cluster, subject);
  if (view === undefined) return { state: 'unknown', detail: `${describeTarget(subject)} cannot be found` };

  const pending = actionFor(plan.action)?.pending?.({ pods: view.pods, ...resolved(plan) });
  if (pending !== undefined) return { state: 'settling', detail: pending };
  // What has come in the place of another has generations and restarts of its own.
  const before = seen === undefined ? baseline : { ...baseline, generation: 0, restarts: {} };
  const asked = replicasAsked(plan);
  const known = asked === undefined ? await scaledSince(ports, view, before) : before;
  const health = workloadHealth(view.workload, view.pods, known, asked);
  // Waiting brings nothing back here, whatever the trigger says.
  if (health.state === 'failed') return health;
  const firing = stillFiring(action.spec.trigger, view, now().getTime());
  if (firing !== undefined) return firing;
  return health;
}

/** An autoscaler may want fewer replicas than there were, down to its minimum; nobody else may without being noticed. */
async function scaledSince(
  { cluster }: ActivityPorts,
  { workload }: WorkloadView,
  baseline: Baseline,
): Promise<Baseline> {
  const { desired } = baseline;
  const wanted = wantedReplicas(workload);
  if (desired === undefined || wanted === undefined || wanted >= desired) return baseline;
  const { namespace = '' } = workload.metadata;
  const autoscalers = await cluster.list({ apiVersion: 'autoscaling/v2', kind: 'HorizontalPodAutoscaler', namespace });
  const autoscaler = autoscalerOf(workload, autoscalers);
  return autoscaler === undefined ? baseline : { ...baseline, desired: autoscaler.spec.minReplicas ?? 1 };
}

/** The number of replicas that the effect has set, if that is what it did. */
const replicasAsked = ({ action, parameters }: Plan): number | undefined =>
  action === 'scale' ? Number(parameters?.['toReplicas']) : undefined;

/** The trigger that was fired must be false on everything that the workload consists of now. */
function stillFiring(
  trigger: FiredTrigger | undefined,
  { workload, pods }: WorkloadView,
  now: number,
): Measurement | undefined {
  if (trigger?.condition === undefined) return undefined;
  const compiled = compileTrigger({ type: 'condition', conditionTrigger: { ...trigger.condition, duration: '0s' } });
  // A pod that was evicted or deleted is on its way out; one for which a Job was run has to be well itself.
  const living = pods.filter((pod) => pod.metadata.deletionTimestamp === undefined);
  // A condition that only pods have would stay unknown on the workload for ever.
  const kind = trigger.subject?.split('/')[0];
  for (const object of [workload, ...living]) {
    if (!compiled.concerns(object.kind ?? '') || (kind !== undefined && object.kind !== kind)) continue;
    const evaluation = compiled.evaluate({ object, now });
    const what = `${object.kind ?? ''} ${object.metadata.name}: ${trigger.name}: ${evaluation.evidence}`;
    if (evaluation.state === 'firing') return { state: 'settling', detail: `still firing: ${what}` };
    if (evaluation.state === 'unknown') return { state: 'unknown', detail: what };
  }
  return undefined;
}

/** Writes down that it did not heal, before anything is taken back; a healing's proof is part of its report. */
export async function recordVerdict(
  { actions, events }: ActivityPorts,
  ref: ObjectRef,
  verdict: FinalVerdict,
  now: () => Date,
): Promise<void> {
  const time = now().toISOString();
  const updated = await actions.update(ref, (latest) => changed(latest, verdictRecord(latest, verdict, time), time));
  if (updated !== undefined)
    events.record({
      regarding: asTarget(updated),
      type: 'Warning',
      reason: 'NotHealed',
      action: 'Verify',
      note: verdict.detail,
    });
}
