import { REASONS } from '../src/api/constants.ts';
import { actionFor } from '../src/actions/index.ts';
import { rolloutCounts } from '../src/domain/health.ts';
import type { Baseline, RollbackResult } from '../src/domain/steps.ts';
import { describeTarget, type ObjectRef } from '../src/domain/target-ref.ts';
import type { Attempt } from './execute.ts';
import { healthSubject, viewWorkload } from './health-of-target.ts';
import { readLiveTarget } from './live-target.ts';
import { markerFor } from './marker.ts';
import type { ActivityPorts } from './ports.ts';
import { asTarget, chained, changed, refOf } from './record.ts';

const REASON_OF = { done: 'rolledBack', impossible: 'notPossible', refused: 'takenOver' } as const;

/**
 * Takes back exactly what the effect changed, and only where it still has our value. A change that left the target no
 * worse than it was is kept: going back to what was broken helps nobody.
 */
export async function rollBack(
  ports: ActivityPorts,
  ref: ObjectRef,
  digest: string,
  baseline: Baseline,
  attempt: Attempt,
): Promise<RollbackResult> {
  const action = await ports.actions.read(ref);
  const plan = action?.status?.plan;
  if (action === undefined || plan === undefined || action.status?.planDigest !== digest)
    return { result: 'not-possible', message: 'the record of the action is missing' };
  const record = async (
    result: RollbackResult,
    outcome: 'done' | 'impossible' | 'refused',
  ): Promise<RollbackResult> => {
    const time = attempt.now().toISOString();
    const updated = await ports.actions.update(ref, (latest) =>
      changed(
        latest,
        {
          rollback: { outcome, message: result.message.slice(0, 1024), time },
          audit: chained(latest.status?.audit, {
            kind: 'outcome',
            step: 'rollback',
            attempt: attempt.number,
            summary: result.message.slice(0, 256),
            time,
          }),
          set: [
            {
              type: 'RolledBack',
              status: outcome === 'done' ? 'True' : 'False',
              reason: REASONS.RolledBack[REASON_OF[outcome]],
              message: result.message,
            },
          ],
        },
        time,
      ),
    );
    const entry = updated?.status?.audit?.at(-1);
    if (updated !== undefined && entry !== undefined) {
      ports.audit.append(refOf(action), entry);
      ports.events.record({
        regarding: asTarget(updated),
        type: 'Warning',
        reason: 'RolledBack',
        action: 'RollBack',
        note: result.message,
      });
    }
    return result;
  };

  const named = describeTarget(plan.target);
  const definition = actionFor(plan.action);
  const live = await readLiveTarget(ports, action);
  if (definition === undefined || !live.found)
    return record({ result: 'not-possible', message: `${named} is no longer there to be rolled back` }, 'impossible');
  const marker = markerFor(action, 'rollback', attempt.number);
  if (live.object.metadata.annotations?.[marker.key] !== undefined)
    return record({ result: 'rolled-back', message: `rolled back: ${plan.summary}` }, 'done');

  const view = await viewWorkload(ports.cluster, healthSubject(plan));
  const available = view === undefined ? 0 : rolloutCounts(view.workload).available;
  if (available >= baseline.available)
    return record(
      {
        result: 'not-possible',
        message: `kept: ${available} available, no fewer than the ${baseline.available} before`,
      },
      'impossible',
    );

  const related = await definition.gather(ports.cluster, live.object);
  const inverse = definition.inverse({ target: live.object, related, parameters: plan.parameters ?? {}, marker });
  if (inverse === undefined)
    return record({ result: 'not-possible', message: `${plan.action} cannot be taken back` }, 'impossible');
  if (inverse.result === 'drifted') return record({ result: 'taken-over', message: inverse.message }, 'refused');

  const time = attempt.now().toISOString();
  await ports.actions.update(ref, (latest) =>
    changed(
      latest,
      {
        audit: chained(latest.status?.audit, {
          kind: 'intent',
          step: 'rollback',
          attempt: attempt.number,
          summary: `roll back: ${plan.summary}`,
          time,
        }),
      },
      time,
    ),
  );
  const written = await ports.cluster.write(inverse.write, {
    auditId: attempt.auditId,
    dryRun: false,
    deadline: attempt.deadline,
  });
  switch (written.result) {
    case 'written':
      return record({ result: 'rolled-back', message: `rolled back: ${plan.summary}` }, 'done');
    case 'conflict':
      return { result: 'conflict', message: written.message };
    case 'gone':
      return record({ result: 'not-possible', message: `${named} is no longer there to be rolled back` }, 'impossible');
    case 'blocked':
    case 'refused':
      return record(
        { result: 'taken-over', message: `the API server refuses the rollback: ${written.message}` },
        'refused',
      );
  }
}
