import { ActivityFailure, ApplicationFailure } from '@temporalio/common';
import { allHandlersFinished, condition, continueAsNew, setHandler } from '@temporalio/workflow';
import {
  applyCreations,
  applyEnd,
  applyObservation,
  applyRetry,
  due,
  emptyPolicyState,
  recall,
  runningActions,
  type ActionEnded,
  type Creation,
  type PolicyState,
  type RunningAction,
  type Wanted,
} from '../src/domain/episode.ts';
import { isObservation } from '../src/domain/firing.ts';
import { summaryOf, type PolicySummary } from '../src/domain/policy-summary.ts';
import type { ObjectRef } from '../src/domain/target-ref.ts';
import { certainly, step } from './activity-options.ts';
import { startLifetime } from './entity.ts';
import {
  actionEndedSignal,
  observeUpdate,
  policyDeletedSignal,
  retryStartedSignal,
  seenGoodQuery,
} from './messages.ts';

export interface HealingPolicyInput {
  readonly policy: ObjectRef;
  /** Carried over from the run before. */
  readonly state?: PolicyState;
}

type Change = (state: PolicyState) => PolicyState;

/** Actions created in one go; the rest follows, oldest trouble first. */
const MAX_CREATIONS = 10;
/** The status is for people: what is to be healed goes first, and a storm of changes is written down once. */
const REPORT_AFTER_MS = 500;
/** How often the record of running actions is compared with the actions themselves, in case one vanished. */
const RECHECK_MS = 60_000;
const FAILED_MS = 60_000;

/**
 * One policy for as long as it exists: holds what is firing, decides what is due (episodes, cooldowns, rungs), and has
 * HealingActions created. Handlers only edit state; the loop does the work, one activity at a time.
 */
export async function healingPolicyWorkflow({ policy, state: carried }: HealingPolicyInput): Promise<void> {
  let state = carried ?? emptyPolicyState();
  /** What handlers tell the loop; `ofActions`: what has come in this round, for what the round itself finds out. */
  const news = { changed: true, deleted: false, ofActions: [] as Change[] };
  const hear = (change: Change): void => {
    news.ofActions.push(change);
    state = change(state);
    news.changed = true;
  };
  const lifetime = startLifetime();

  setHandler(
    observeUpdate,
    (observation) => {
      state = applyObservation(state, observation, Date.now());
      news.changed = true;
      return { firing: state.firing.length };
    },
    {
      validator: (observation) => {
        if (!isObservation(observation)) throw ApplicationFailure.nonRetryable('this is no observation', 'Refused');
      },
    },
  );
  setHandler(seenGoodQuery, () => state.seenGood);
  setHandler(actionEndedSignal, (ended) => {
    const now = Date.now();
    hear((known) => applyEnd(known, ended, now));
  });
  setHandler(retryStartedSignal, (started) => {
    const now = Date.now();
    hear((known) => applyRetry(known, started, now));
  });
  setHandler(policyDeletedSignal, () => {
    news.deleted = true;
  });

  if (carried === undefined) {
    const recalled = await certainly('what has this policy done before?').recallEpisodes(policy);
    state = recall(state, recalled, Date.now()); // what was observed meanwhile stays
  }
  let reported = '';
  let reportAt: number | undefined;
  let recheckAt = Date.now() + RECHECK_MS;
  while (!news.deleted) {
    news.changed = false;
    news.ofActions = [];
    const { wanted } = due(state, Date.now(), MAX_CREATIONS);
    if (wanted.length > 0) {
      const creations = await create(policy, state, wanted);
      if (creations === 'policy-gone') return;
      state = applyCreations(state, wanted, creations, Date.now());
      // Some may have ended, or even been tried again, before it was known here that they exist.
      for (const change of news.ofActions) state = change(state);
    }
    if (Date.now() >= recheckAt) {
      const running = runningActions(state);
      const unnoticed = running.length === 0 ? [] : await findEnded(policy, running);
      for (const ended of unnoticed) state = applyEnd(state, ended, Date.now());
      recheckAt = Date.now() + RECHECK_MS;
    }
    const summary = summaryOf(state);
    if (JSON.stringify(summary) === reported) reportAt = undefined;
    else reportAt ??= Date.now() + REPORT_AFTER_MS;
    if (reportAt !== undefined && Date.now() >= reportAt) {
      if ((await report(policy, summary)) === 'policy-gone') return;
      reported = JSON.stringify(summary);
      reportAt = undefined;
    }
    if (lifetime.over()) {
      await condition(allHandlersFinished);
      await continueAsNew<typeof healingPolicyWorkflow>({ policy, state });
    }
    const pending = runningActions(state).length > 0 ? recheckAt : undefined;
    const wakeAt = Math.min(dueAt(state) ?? Infinity, reportAt ?? Infinity, pending ?? Infinity);
    await lifetime.wait(() => news.changed || news.deleted, Number.isFinite(wakeAt) ? wakeAt - Date.now() : undefined);
  }
}

/** What became due while something else was done is due at once. */
function dueAt(state: PolicyState): number | undefined {
  const { wanted, nextAt } = due(state, Date.now(), MAX_CREATIONS);
  return wanted.length > 0 ? Date.now() : nextAt;
}

/** A step that fails for good must not end the policy's workflow: with it would go what it remembers. */
const failed =
  <T>(fallback: (why: string) => T) =>
  (error: unknown): T => {
    if (!(error instanceof ActivityFailure)) throw error;
    return fallback(error.cause?.message ?? error.message);
  };

function create(
  policy: ObjectRef,
  state: PolicyState,
  wanted: readonly Wanted[],
): Promise<readonly Creation[] | 'policy-gone'> {
  const names = wanted.map(({ firing }) => `${firing.trigger} on ${firing.subject.name}`).join(', ');
  return step(`create ${wanted.length} actions: ${names}`)
    .createActions(policy, { generation: state.generation, running: runningActions(state).length, wanted })
    .catch(
      failed((why) =>
        wanted.map(({ episode }) => ({ episode, result: 'held', why, retryAfterMs: FAILED_MS }) as const),
      ),
    );
}

const findEnded = (policy: ObjectRef, running: readonly RunningAction[]): Promise<readonly ActionEnded[]> =>
  step('have actions ended unnoticed?')
    .findEnded(policy, running)
    .catch(failed(() => []));

const report = (policy: ObjectRef, summary: PolicySummary): Promise<'reported' | 'policy-gone'> =>
  step(`${summary.firing} firing of ${summary.selected} selected`)
    .reportPolicy(policy, summary)
    .catch(failed(() => 'reported' as const));
