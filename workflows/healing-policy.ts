import { allHandlersFinished, condition, continueAsNew, setHandler } from '@temporalio/workflow';
import {
  applyCreations,
  applyEnd,
  applyObservation,
  due,
  emptyPolicyState,
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

  let reported = '';
  let recheckAt = Date.now() + RECHECK_MS;
  while (!deleted) {
    changed = false;
    const { wanted, nextAt } = due(state, Date.now(), MAX_CREATIONS);
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
    if (JSON.stringify(summary) !== reported) {
      await step(`${summary.firing} firing of ${summary.selected} selected`).reportPolicy(policy, summary);
      reported = JSON.stringify(summary);
    }
    if (lifetime.over()) {
      await condition(allHandlersFinished);
      await continueAsNew<typeof healingPolicyWorkflow>({ policy, state });
    }
    const pending = runningActions(state).length > 0 ? recheckAt : undefined;
    const wakeAt = Math.min(nextAt ?? Infinity, pending ?? Infinity, dueAt(state) ?? Infinity);
    await lifetime.wait(() => changed || deleted, Number.isFinite(wakeAt) ? wakeAt - Date.now() : undefined);
  }
}

const dueAt = (state: PolicyState): number | undefined => due(state, Date.now(), MAX_CREATIONS).nextAt;
