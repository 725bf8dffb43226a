import { actionFor } from '../src/actions/index.ts';
import { releaseJob } from '../src/actions/custom/release-job.ts';
import { API_VERSION, FINALIZER, KEYS } from '../src/api/constants.ts';
import type { HealingAction } from '../src/api/healing-action.ts';
import type { ObjectRef } from '../src/domain/target-ref.ts';
import { StepError } from '../src/errors.ts';
import type { ClusterReader, Write } from '../src/ports/cluster.ts';
import { markerFor } from './marker.ts';
import type { ActivityPorts } from './ports.ts';
import { gatherFor, resolved } from './traces.ts';

const TRIES = 5;
const PATIENCE_MS = 10_000;

/**
 * What the effect holds for the sake of its record is held no longer. Rejects as long as that fails; what the API server
 * refuses for good is said, and left.
 */
export async function letGo(
  ports: Pick<ActivityPorts, 'cluster' | 'events' | 'log'>,
  ref: ObjectRef,
  action: HealingAction | undefined,
): Promise<void> {
  const { cluster } = ports;
  const refused = new Set<string>();
  for (let tries = 0; tries < TRIES; tries++) {
    const all = action === undefined ? await orphaned(cluster, ref) : await held(cluster, action);
    const writes = all.filter(({ target }) => !refused.has(target.name));
    if (writes.length === 0) return;
    for (const write of writes) {
      const options = { auditId: `ks/${ref.uid}/release`, dryRun: false, deadline: Date.now() + PATIENCE_MS };
      const written = await cluster.write(write, options);
      if (written.result !== 'refused') continue;
      refused.add(write.target.name);
      sayStillHeld(ports, ref, write, written.message);
    }
  }
  throw new StepError('Unavailable', 'what the effect has created is written so often that it could not be let go');
}

function sayStillHeld(
  { events, log }: Pick<ActivityPorts, 'events' | 'log'>,
  ref: ObjectRef,
  { target: { kind, namespace, name } }: Write,
  why: string,
): void {
  log.warn({ ...ref, kind, object: name, why }, 'finalizer not removed: take it away by hand');
  events.record({
    regarding: { apiVersion: API_VERSION, kind: 'HealingAction', ...ref },
    type: 'Warning',
    reason: 'StillHeld',
    action: 'Release',
    note: `the finalizer ${FINALIZER} of ${kind} ${namespace}/${name} could not be removed: ${why}`,
  });
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
