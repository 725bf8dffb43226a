import { MESSAGES } from '../../../src/api/temporal-names.ts';
import type { Healing, RecordingSession } from '../recording-session.ts';
import {
  asking,
  deployment,
  ended,
  EVICT,
  onWeb,
  pod,
  policySpec,
  RESTART,
  scenario,
  UP,
  type Scenario,
} from './scenario.ts';

/** An eviction that a budget forbids, up to the question to an operator. */
async function stuck(session: RecordingSession, name: string): Promise<Healing> {
  await session.available('web');
  await session.protectByBudget('web');
  const healing = await session.action(
    name,
    onWeb(RESTART, {
      targetResource: pod(await session.podOf('web')),
      retryPolicy: { maxAttempts: 2, backoffDelay: '1s' },
    }),
  );
  await healing.reached('AwaitingOperator');
  await session.dropBudget('web');
  return healing;
}

async function verifying(session: RecordingSession, name: string): Promise<Healing> {
  await session.available('web');
  const healing = await session.action(name, onWeb(RESTART));
  await healing.reached('Verifying');
  return healing;
}

const operate =
  (command: string) =>
  ({ handle }: Healing): Promise<unknown> =>
    handle.executeUpdate(MESSAGES.operate, { args: [command] });

/** Cancellations, deletions and terminations on the way, and the orders of operators. Deployment `web` has two pods. */
export const endings: readonly Scenario[] = [
  scenario('deleted-while-waiting', asking, (healing) => healing.delete(), 'Deleted'),
  scenario('cancelled-while-waiting', asking, ({ handle }) => handle.cancel(), 'Aborted'),
  scenario('settled-without-effect', asking, (healing) => healing.terminate(), 'Aborted'),
  scenario('deleted-after-effect', verifying, (healing) => healing.delete(), 'Healed'),
  scenario('settled-after-effect', verifying, (healing) => healing.terminate(), 'Healed'),
  {
    name: 'given-up-in-the-middle',
    async record(session) {
      await session.available('web');
      const before = await session.livingPods('web');
      const healing = await session.action('given-up-in-the-middle', onWeb(EVICT));
      await session.until('one pod is evicted', async () => {
        const now = await session.livingPods('web');
        return before.some((uid) => !now.includes(uid));
      });
      await healing.delete();
      return ended(healing, 'NeedsHuman');
    },
  },
  scenario('aborted-by-operator', stuck, ({ handle }) => handle.signal(MESSAGES.operate, 'abort'), 'Aborted'),
  scenario('skipped-by-operator', stuck, operate('skip'), 'Skipped'),
  scenario('retried-by-operator', stuck, operate('retry'), 'Healed'),
  scenario('deleted-before-an-operator-came', stuck, (healing) => healing.delete(), 'Deleted'),
  {
    name: 'rollback-accepted-by-operator',
    async record(session) {
      await session.deploy('one-way', { image: 'kubeskippy.local/crasher:1.0' }, { healthy: false });
      await session.forbidReplicas('one-way', 1);
      const verification = { stabilizationWindow: '1s', timeout: '4s' };
      await session.policy('one-way', policySpec('one-way', { verification }));
      const healing = await session.action('rollback-accepted-by-operator', {
        policy: 'one-way',
        targetResource: deployment('one-way'),
        action: UP,
      });
      await healing.reached('AwaitingOperator');
      await operate('retry')(healing);
      await session.until(
        'it is tried again',
        async () => (await healing.handle.query(MESSAGES.step)) !== 'AwaitingOperator',
      );
      await healing.reached('AwaitingOperator');
      await operate('skip')(healing);
      return ended(healing, 'NotHealed');
    },
  },
];
