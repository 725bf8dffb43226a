import { MESSAGES } from '../../../src/api/temporal-names.ts';
import type { Healing, RecordingSession } from '../recording-session.ts';
import { deployment, ended, EVICT, onWeb, pod, policySpec, RESTART, UP, type Scenario } from './scenario.ts';

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

async function waiting(session: RecordingSession, name: string): Promise<Healing> {
  const healing = await session.action(name, onWeb(RESTART, { approvalRequired: true }));
  await healing.reached('AwaitingApproval');
  return healing;
}

/** Cancellations, deletions and terminations on the way, and the orders of operators. Deployment `web` has two pods. */
export const endings: readonly Scenario[] = [
  {
    name: 'deleted-while-waiting',
    async record(session) {
      const healing = await waiting(session, 'deleted-while-waiting');
      await healing.delete();
      return ended(healing, 'Deleted');
    },
  },
  {
    name: 'cancelled-while-waiting',
    async record(session) {
      const healing = await waiting(session, 'cancelled-while-waiting');
      await healing.handle.cancel();
      return ended(healing, 'Aborted');
    },
  },
  {
    name: 'settled-without-effect',
    async record(session) {
      const healing = await waiting(session, 'settled-without-effect');
      await healing.terminate();
      return ended(healing, 'Aborted');
    },
  },
  {
    name: 'deleted-after-effect',
    async record(session) {
      const healing = await verifying(session, 'deleted-after-effect');
      await healing.delete();
      return ended(healing, 'Healed');
    },
  },
  {
    name: 'settled-after-effect',
    async record(session) {
      const healing = await verifying(session, 'settled-after-effect');
      await healing.terminate();
      return ended(healing, 'Healed');
    },
  },
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
  {
    name: 'aborted-by-operator',
    async record(session) {
      const healing = await stuck(session, 'aborted-by-operator');
      await healing.handle.signal(MESSAGES.operate, 'abort');
      return ended(healing, 'Aborted');
    },
  },
  {
    name: 'skipped-by-operator',
    async record(session) {
      const healing = await stuck(session, 'skipped-by-operator');
      await healing.handle.executeUpdate(MESSAGES.operate, { args: ['skip'] });
      return ended(healing, 'Skipped');
    },
  },
  {
    name: 'retried-by-operator',
    async record(session) {
      const healing = await stuck(session, 'retried-by-operator');
      await healing.handle.executeUpdate(MESSAGES.operate, { args: ['retry'] });
      return ended(healing, 'Healed');
    },
  },
  {
    name: 'deleted-before-an-operator-came',
    async record(session) {
      const healing = await stuck(session, 'deleted-before-an-operator-came');
      await healing.delete();
      return ended(healing, 'Deleted');
    },
  },
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
      await healing.handle.executeUpdate(MESSAGES.operate, { args: ['retry'] });
      await session.until(
        'it is tried again',
        async () => (await healing.handle.query(MESSAGES.step)) !== 'AwaitingOperator',
      );
      await healing.reached('AwaitingOperator');
      await healing.handle.executeUpdate(MESSAGES.operate, { args: ['skip'] });
      return ended(healing, 'NotHealed');
    },
  },
];
