import { actionFor } from '../src/actions/index.ts';
import { releaseJob } from '../src/actions/custom/release-job.ts';
import { KEYS } from '../src/api/constants.ts';
import type { HealingAction } from '../src/api/healing-action.ts';
import type { ObjectRef } from '../src/domain/target-ref.ts';
import { StepError } from '../src/errors.ts';
import type { ClusterReader, Write } from '../src/ports/cluster.ts';
import { markerFor } from './marker.ts';
import type { ActivityPorts } from './ports.ts';
import { asTarget } from './record.ts';
import { gatherFor, resolved } from './traces.ts';

const TRIES = 5;
const PATIENCE_MS = 10_000;

/** What the effect holds for the sake of its record is held no longer. Rejects as long as that fails. */
export async function letGo(
  { cluster, events }: Pick<ActivityPorts, 'cluster' | 'events'>,
  ref: ObjectRef,
  action: HealingAction | undefined,
): Promise<void> {
  for (let tries = 0; tries < TRIES; tries++) {
    const [write] = action === undefined ? await orphaned(cluster, ref) : await held(cluster, action);
    if (write === undefined) return;
    const options = { auditId: `ks/${ref.uid}/release`, dryRun: false, deadline: Date.now() + PATIENCE_MS };
    const written = await cluster.write(write, options);
    if (written.result === 'refused' && action !== undefined)
      events.record({
        regarding: asTarget(action),
        type: 'Warning',
        reason: 'StillHeld',
        action: 'Release',
        note: `the finalizer of ${write.target.kind} ${write.target.name} could not be removed: ${written.message}`,
      });
    if (written.result === 'refused') return;
  }
  throw new StepError('Unavailable', 'what the effect has created is written so often that it could not be let go');
}

async function held(cluster: ClusterReader, action: HealingAction): Promise<readonly Write[]> {
  const { claim, plan } = action.status ?? {};
  const definition = plan === undefined ? undefined : actionFor(plan.action);
  if (claim === undefined || plan === undefined || definition?.release === undefined) return [];
  const marker = markerFor(action, 'execute', claim.attempt);
  const related = await gatherFor(cluster, definition, plan, {
    target: undefined,
    template: action.spec.action,
    marker,
  });
  const { uid } = plan.target;
  const write = definition.release({ target: undefined, uid, related, marker, ...resolved(plan) });
  return write === undefined ? [] : [write];
}

/** Somebody has taken the action away by force: what it has created must not stay for ever. */
async function orphaned(cluster: ClusterReader, { namespace, uid }: ObjectRef): Promise<readonly Write[]> {
  const jobs = await cluster.list({ apiVersion: 'batch/v1', kind: 'Job', namespace }, `${KEYS.actionUid}=${uid}`);
  return jobs.map(releaseJob).filter((write) => write !== undefined);
}
