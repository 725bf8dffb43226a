import { REASONS } from '../src/api/constants.ts';
import type { HealingAction, Plan } from '../src/api/healing-action.ts';
import type { KubeObject } from '../src/api/meta.ts';
import type { Marker } from '../src/actions/define-action.ts';
import { ended, type ExecutionResult } from '../src/domain/steps.ts';
import type { Attempt } from './attempt.ts';
import { describeGone } from './describe-write.ts';
import { effectDiff } from './effect-diff.ts';
import { perform } from './perform.ts';
import type { ActivityPorts } from './ports.ts';
import { changed } from './record.ts';
import { changesOf, type Doable } from './record-effect.ts';

/** An effect that is ready to be written. */
interface Ready {
  readonly effect: Doable;
  readonly target: KubeObject;
  readonly marker: Marker;
}

/** The effect's own write as a dry run: the API server checks it and keeps nothing. */
export async function rehearse(
  ports: ActivityPorts,
  action: HealingAction,
  plan: Plan,
  ready: Ready,
  attempt: Attempt,
): Promise<ExecutionResult> {
  const { effect, marker } = ready;
  const written = await perform(ports, effect, marker, attempt, true);
  switch (written.result) {
    case 'written':
      break;
    case 'conflict':
      return { result: 'conflict', message: written.message };
    case 'gone':
      return effect.on === undefined
        ? ended('TargetGone', describeGone(plan, effect))
        : { result: 'conflict', message: describeGone(plan, effect) };
    case 'blocked':
    case 'refused':
      return ended('Refused', `the API server would refuse it: ${written.message}`);
  }
  const message = `the API server would accept it: ${plan.summary}`;
  return recordRehearsal(ports, action, plan, { effect, diff: effectDiff(ready, written.object) }, message, attempt);
}

/** Writes down that nothing was changed, and what would have been. */
export async function recordRehearsal(
  ports: ActivityPorts,
  action: HealingAction,
  plan: Plan,
  rehearsed: { readonly effect: Doable; readonly diff: string } | undefined,
  message: string,
  attempt: Attempt,
): Promise<ExecutionResult> {
  const time = attempt.now().toISOString();
  const changes = rehearsed === undefined ? [] : changesOf(plan, rehearsed.effect, time);
  await ports.actions.update(action, (latest) =>
    changed(
      latest,
      {
        ...(rehearsed === undefined ? {} : { plan: { ...plan, diff: rehearsed.diff } }),
        attempts: attempt.number,
        lastAttemptTime: time,
        result: { success: false, message: 'dry run', changes },
        set: [{ type: 'Executed', status: 'False', reason: REASONS.Executed.dryRun, message }],
      },
      time,
    ),
  );
  return { result: 'executed', changed: false, baseline: { generation: 0, available: 0, restarts: {} } };
}
