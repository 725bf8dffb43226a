import { allHandlersFinished, condition, continueAsNew, setHandler } from '@temporalio/workflow';
import {
  applyCreations,
  applyEnd,
  applyObservation,
  due,
  emptyPolicyState,
  recall,
  runningActions,
  type PolicyState,
} from '../src/domain/episode.ts';
import { summaryOf } from '../src/domain/policy-summary.ts';
import type { ObjectRef } from '../src/domain/target-ref.ts';
import { step } from './activity-options.ts';
import { startLifetime } from './entity.ts';
import { actionEndedSignal, observeUpdate, policyDeletedSignal } from './messages.ts';

export interface HealingPolicyInput {
  readonly policy: ObjectRef;
  /** Carried over from the run before. */
  readonly state?: PolicyState;
}

/** Actions created in one go; the rest follows, oldest trouble first. */
const MAX_CREATIONS = 10;
/** The status is for people: a storm of firings must not wait for it to be written each time. */
const REPORT_EVERY_MS = 1_000;
/** How often the record of running actions is compared with the actions themselves, in case one vanished. */
const RECHECK_MS = 60_000;

/**
 * One policy for as long as it exists: holds what is firing, decides what is due (episodes, cooldowns, rungs), and has
 * HealingActions created. Handlers only edit state; the loop does the work, one activity at a time.
 */
export async function healingPolicyWorkflow({ policy, state: carried }: HealingPolicyInput): Promise<void> {
  let state = carried ?? emptyPolicyState();
  let changed = true;
  let deleted = false;
  const lifetime = startLifetime();

  setHandler(observeUpdate, (observation) => {
    state = applyObservation(state, observation, Date.now());
    changed = true;
    return { firing: state.firing.length };
  });
  setHandler(actionEndedSignal, (ended) => {
    state = applyEnd(state, ended, Date.now());
    changed = true;
  });
  setHandler(policyDeletedSignal, () => {
    deleted = true;
  });

  if (carried === undefined)
    state = recall(state, await step('what has this policy done before?').recallEpisodes(policy), Date.now());
  let reported = '';
  let reportAt = 0;
  let recheckAt = Date.now() + RECHECK_MS;
  while (!deleted) {
    changed = false;
    const { wanted } = due(state, Date.now(), MAX_CREATIONS);
    if (wanted.length > 0) {
      const creations = await step(
        `create ${wanted.length} actions: ${wanted.map(({ firing }) => `${firing.trigger} on ${firing.subject.name}`).join(', ')}`,
      ).createActions(policy, state.generation, wanted);
      if (creations === 'policy-gone') return;
      state = applyCreations(state, wanted, creations, Date.now());
    }
    if (Date.now() >= recheckAt) {
      for (const ended of await step('have actions ended unnoticed?').findEnded(policy, runningActions(state)))
        state = applyEnd(state, ended, Date.now());
      recheckAt = Date.now() + RECHECK_MS;
    }
    const summary = summaryOf(state);
    const news = JSON.stringify(summary) !== reported;
    if (news && Date.now() >= reportAt) {
      await step(`${summary.firing} firing of ${summary.selected} selected`).reportPolicy(policy, summary);
      reported = JSON.stringify(summary);
      reportAt = Date.now() + REPORT_EVERY_MS;
    }
    if (lifetime.over()) {
      await condition(allHandlersFinished);
      await continueAsNew<typeof healingPolicyWorkflow>({ policy, state });
    }
    const pending = runningActions(state).length > 0 ? recheckAt : undefined;
    const unsaid = JSON.stringify(summary) === reported ? undefined : reportAt;
    const wakeAt = Math.min(dueAt(state) ?? Infinity, unsaid ?? Infinity, pending ?? Infinity);
    await lifetime.wait(() => changed || deleted, Number.isFinite(wakeAt) ? wakeAt - Date.now() : undefined);
  }
}

const dueAt = (state: PolicyState): number | undefined => due(state, Date.now(), MAX_CREATIONS).nextAt;
