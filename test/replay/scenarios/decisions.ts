import { MESSAGES } from '../../../src/api/temporal-names.ts';
import type { Healing } from '../recording-session.ts';
import { asking, ended, onWeb, policySpec, RESTART, scenario, type Scenario } from './scenario.ts';

const decide =
  (decision: 'Approved' | 'Rejected') =>
  ({ handle }: Healing): Promise<unknown> =>
    handle.executeUpdate(MESSAGES.decide, { args: [{ decision, by: 'alice' }] });

/** Every way in which it is decided, or not. */
export const decisions: readonly Scenario[] = [
  scenario(
    'approved-by-signal',
    asking,
    ({ handle }) => handle.signal(MESSAGES.approve, { by: 'alice', comment: 'go on' }),
    'Healed',
  ),
  scenario('approved-by-record', asking, (healing) => healing.approve(), 'Healed'),
  {
    name: 'approved-at-the-second-look',
    async record(session) {
      const healing = await asking(session, 'approved-at-the-second-look');
      await healing.handle.signal(MESSAGES.decisionRecorded); // but nothing is written
      await session.until('what was reserved for it is given back', async () => {
        const { events } = await healing.handle.fetchHistory();
        const steps = (events ?? []).map((event) => event.activityTaskScheduledEventAttributes?.activityType?.name);
        return steps.includes('release');
      });
      await healing.approve();
      return ended(healing, 'Healed');
    },
  },
  scenario('approved-by-update', asking, decide('Approved'), 'Healed'),
  scenario('rejected-by-update', asking, decide('Rejected'), 'Rejected'),
  scenario(
    'rejected-by-signal',
    asking,
    async ({ handle }) => {
      await handle.signal(MESSAGES.approve, { planDigest: '0123456789abcdef' }); // for another plan: ignored
      await handle.signal(MESSAGES.reject, { by: 'alice' });
    },
    'Rejected',
  ),
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
