import type { HealingAction } from '../../api/healing-action.ts';
import { findCondition, type Condition } from '../../domain/condition.ts';
import { parseDuration } from '../../domain/duration.ts';
import type { Incident } from './incident.ts';

/** One step of a healing as it shows in the HealingAction. */
export interface Step {
  readonly name: string;
  readonly state: 'done' | 'running' | 'ahead' | 'failed';
  /** What there is to say beside the name. */
  readonly note?: string;
}

const STEPS = [
  ['Accepted', 'accepted'],
  ['Analyzed', 'analyzed'],
  ['Approved', 'approved'],
  ['Reserved', 'reserved'],
  ['Executed', 'executed'],
] as const;

/** From detection to proof. Exactly one step is running until the healing has ended. */
export function stepsOf(incident: Incident, now: number): readonly Step[] {
  const action = incident.actions.at(-1);
  if (action === undefined)
    return [
      { name: 'detecting', state: 'running' },
      ...STEPS.map(([, name]) => ({ name, state: 'ahead' as const })),
      { name: 'verified', state: 'ahead' },
    ];
  const conditions = action.status?.conditions;
  const furthest = STEPS.findLastIndex(([type]) => findCondition(conditions, type)?.status === 'True');
  const steps: Step[] = [{ name: 'detected', state: 'done' }];
  for (const [index, [type, name]] of STEPS.entries())
    steps.push(stepOf(name, findCondition(conditions, type), index <= furthest));
  steps.push(verification(incident, action, now));
  return markRunning(steps, findCondition(conditions, 'Succeeded'));
}

function stepOf(name: string, condition: Condition | undefined, passed: boolean): Step {
  if (condition?.status === 'True')
    return { name, state: 'done', ...(condition.reason === 'NotRequired' ? { note: 'not required' } : {}) };
  // A later step has been passed, so this one was not needed.
  if (passed) return { name, state: 'done', note: 'not required' };
  if (
    condition?.status === 'False' &&
    condition.reason !== 'AwaitingOperator' &&
    !condition.reason.startsWith('Waiting')
  )
    return { name, state: 'failed', note: condition.reason };
  return { name, state: 'ahead', ...(condition === undefined ? {} : { note: condition.reason }) };
}

function verification(incident: Incident, action: HealingAction, now: number): Step {
  const verified = findCondition(action.status?.conditions, 'Verified');
  if (verified?.status === 'True') return { name: 'verified', state: 'done' };
  if (verified?.status === 'False') return { name: 'verified', state: 'failed', note: verified.reason };
  const window = action.status?.plan?.verification?.stabilizationWindow;
  if (incident.effectAt === undefined || window === undefined) return { name: 'verified', state: 'ahead' };
  const sinceS = Math.max(0, Math.floor((now - incident.effectAt) / 1000));
  const windowS = Math.round(parseDuration(window) / 1000);
  // The window begins with the first healthy look, which nobody but the workflow knows.
  const note = sinceS <= windowS ? `${sinceS} of ${windowS} s` : `${sinceS} s; it must stay well for ${windowS} s`;
  return { name: 'verifying', state: 'ahead', note };
}

/** The first step that lies ahead is under way, or will never come because the action has ended. */
function markRunning(steps: readonly Step[], succeeded: Condition | undefined): readonly Step[] {
  const next = steps.findIndex(({ state }) => state === 'ahead');
  if (next === -1 || steps.some(({ state }) => state === 'failed')) return steps;
  return steps.map((step, index) => {
    if (index !== next) return step;
    if (succeeded?.status === 'False') return { ...step, state: 'failed', note: succeeded.reason };
    return { ...step, state: 'running' };
  });
}
