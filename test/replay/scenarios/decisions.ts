import { MESSAGES } from '../../../src/api/temporal-names.ts';
import type { Healing, RecordingSession } from '../recording-session.ts';
import { ended, onWeb, policySpec, RESTART, type Scenario } from './scenario.ts';

/** An action that waits for a person. */
async function asking(session: RecordingSession, name: string): Promise<Healing> {
  const healing = await session.action(name, onWeb(RESTART, { approvalRequired: true }));
  await healing.reached('AwaitingApproval');
  return healing;
}

/** Every way in which it is decided, or not. */
export const decisions: readonly Scenario[] = [
  {
    name: 'approved-by-signal',
    async record(session) {
      const healing = await asking(session, 'approved-by-signal');
      await healing.handle.signal(MESSAGES.approve, { by: 'alice', comment: 'go on' });
      return ended(healing, 'Healed');
    },
  },
  {
    name: 'approved-by-record',
    async record(session) {
      const healing = await asking(session, 'approved-by-record');
      await healing.approve();
      return ended(healing, 'Healed');
    },
  },
  {
    name: 'approved-by-update',
    async record(session) {
      const healing = await asking(session, 'approved-by-update');
      await healing.handle.executeUpdate(MESSAGES.decide, { args: [{ decision: 'Approved', by: 'alice' }] });
      return ended(healing, 'Healed');
    },
  },
  {
    name: 'rejected-by-update',
    async record(session) {
      const healing = await asking(session, 'rejected-by-update');
      await healing.handle.executeUpdate(MESSAGES.decide, { args: [{ decision: 'Rejected', by: 'alice' }] });
      return ended(healing, 'Rejected');
    },
  },
  {
    name: 'rejected-by-signal',
    async record(session) {
      const healing = await asking(session, 'rejected-by-signal');
      await healing.handle.signal(MESSAGES.approve, { planDigest: '0123456789abcdef' }); // for another plan: ignored
      await healing.handle.signal(MESSAGES.reject, { by: 'alice' });
      return ended(healing, 'Rejected');
    },
  },
  {
    name: 'planned-anew-and-asked-again',
    async record(session) {
      const healing = await asking(session, 'planned-anew-and-asked-again');
      const before = await session.planOf('planned-anew-and-asked-again');
      await session.annotateTemplate('web');
      await healing.approve();
      await session.until('there is another plan', async () => {
        const now = await session.planOf('planned-anew-and-asked-again');
        return now !== undefined && now !== before;
      });
      await healing.reached('AwaitingApproval');
      await healing.approve();
      return ended(healing, 'Healed');
    },
  },
  {
    name: 'expired',
    async record(session) {
      await session.policy('in-a-hurry', policySpec('web', { mode: 'manual', approval: { timeout: '1s' } }));
      return ended(await session.action('expired', onWeb(RESTART, { policy: 'in-a-hurry' })), 'Expired');
    },
  },
];
