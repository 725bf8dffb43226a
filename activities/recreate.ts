import type { HealingAction, Plan } from '../src/api/healing-action.ts';
import type { HealingPolicy } from '../src/api/healing-policy.ts';
import type { ActionDefinition, Marker } from '../src/actions/define-action.ts';
import type { RollbackResult } from '../src/domain/steps.ts';
import { describeTarget } from '../src/domain/target-ref.ts';
import type { NewObject } from '../src/ports/cluster.ts';
import type { Attempt } from './attempt.ts';
import { protections } from './live-target.ts';
import type { ActivityPorts } from './ports.ts';
import { resolved } from './traces.ts';

type Settled = Exclude<RollbackResult, { result: 'conflict' | 'blocked' }>;

export interface Removed {
  readonly action: HealingAction;
  readonly plan: Plan;
  readonly policy: HealingPolicy | undefined;
  readonly marker: Marker;
  readonly attempt: Attempt;
  /** Writes the intent down; false when the action has ended meanwhile. */
  readonly announce: () => Promise<boolean>;
}

const done = (named: string, uid: string | undefined): Settled => ({
  result: 'rolled-back',
  message: `${named} was made again from its kept manifest, as a new object (uid ${uid ?? 'unknown'})`,
});

/**
 * Makes an object again that the effect has deleted. Its name is the lock: who made one of that name meanwhile has taken
 * over, unless it carries our mark.
 */
export async function recreate(
  ports: Pick<ActivityPorts, 'cluster' | 'settings'>,
  definition: ActionDefinition,
  { action, plan, policy, marker, attempt, announce }: Removed,
): Promise<RollbackResult> {
  const named = describeTarget(plan.target);
  const existing = await ports.cluster.get(plan.target);
  if (existing?.metadata.annotations?.[marker.key] !== undefined) return done(named, existing.metadata.uid);
  if (existing?.metadata.uid === plan.target.uid)
    return { result: 'not-possible', message: `${named} is still there; its manifest is kept in status.plan.change` };
  if (existing !== undefined) return takenOver(`somebody else has made another ${named}`);
  if (action.status?.result?.changes === undefined)
    return takenOver(
      `${named} was found gone after an interrupted attempt: who deleted it cannot be told; its manifest is kept in status.plan.change`,
    );

  const effect = definition.recreate?.({ marker, ...resolved(plan) });
  if (effect?.result !== 'effect' || effect.write.type !== 'create' || !isOf(plan, effect.write.object))
    return { result: 'not-possible', message: `no manifest of ${named} was kept` };
  const { object } = effect.write;
  const { uid } = plan.target; // for the guards it is still what was deleted
  const again = { ...object, metadata: { resourceVersion: '', ...object.metadata, uid } };
  const protectedBy = protections(ports.settings, policy, { object: again, owners: [] });
  if (protectedBy.length > 0) return takenOver(protectedBy.join('; '));
  if (!(await announce())) return { result: 'not-possible', message: 'the action has already ended' };

  const { auditId, deadline } = attempt;
  const written = await ports.cluster.write(effect.write, { auditId, dryRun: false, deadline });
  switch (written.result) {
    case 'written':
      return done(named, written.object.metadata.uid);
    case 'conflict': // whose it is that has the name by now is looked at anew
      return { result: 'conflict', message: written.message };
    case 'gone':
      return { result: 'not-possible', message: `${named} cannot be made again: its namespace is gone` };
    case 'blocked':
    case 'refused':
      return { result: 'blocked', message: `the API server refuses to make it again: ${written.message}` };
  }
}

const takenOver = (message: string): Settled => ({ result: 'taken-over', message });

/** The record says which object was deleted, and which is made: they must be one. */
const isOf = ({ target }: Plan, { apiVersion, kind, metadata }: NewObject): boolean =>
  apiVersion === target.apiVersion &&
  kind === target.kind &&
  metadata.namespace === target.namespace &&
  metadata.name === target.name;
