import { guardedPatch, FENCE_KEY } from '../src/actions/guarded-patch.ts';
import { setInMap } from '../src/domain/json-patch.ts';
import type { ExecutionResult } from '../src/domain/steps.ts';
import type { ObjectRef } from '../src/domain/target-ref.ts';
import type { Attempt } from './execute.ts';
import { fromEvidence } from './health-of-target.ts';
import { readLiveTarget } from './live-target.ts';
import { markerFor } from './marker.ts';
import type { ActivityPorts } from './ports.ts';

const TRIES = 10;

/**
 * Before an effect is given up, every writer that may still sleep is made to fail: their writes test the fence that they
 * saw. If the effect turns out to be there already, it was not given up in time, and it has to be verified.
 */
export async function fence(ports: ActivityPorts, ref: ObjectRef, attempt: Attempt): Promise<ExecutionResult> {
  const nothing: ExecutionResult = {
    result: 'ended',
    outcome: { reason: 'NeedsHuman', message: 'given up before it had an effect' },
  };
  for (let tries = 0; tries < TRIES; tries++) {
    const action = await ports.actions.read(ref);
    if (action?.status?.claim === undefined) return nothing;
    const live = await readLiveTarget(ports, action);
    if (!live.found) return nothing;
    const marker = markerFor(action, 'execute', action.status.claim.attempt);
    const { annotations, deletionTimestamp } = live.object.metadata;
    if (annotations?.[marker.key] !== undefined && live.object.kind !== 'Pod')
      return { result: 'executed', changed: true, baseline: fromEvidence(action.status.evidence?.before) };
    if (deletionTimestamp !== undefined) return nothing;

    const value = `${ref.uid}-${attempt.number}`;
    const guarded = guardedPatch(live.object, marker, []);
    if (guarded.type !== 'patch') return nothing;
    const tests = guarded.operations.filter(({ op }) => op === 'test');
    const raise = setInMap(annotations, ['metadata', 'annotations'], FENCE_KEY, value).filter(
      ({ op }) => op !== 'test',
    );
    const written = await ports.cluster.write(
      { ...guarded, operations: [...tests, ...raise] },
      { auditId: `${attempt.auditId}/fence`, dryRun: false, deadline: attempt.deadline },
    );
    if (written.result !== 'conflict') return nothing;
  }
  return { result: 'blocked', message: 'the target is written so often that it could not be fenced' };
}
