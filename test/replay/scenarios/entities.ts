import type { WorkflowHandle } from '@temporalio/client';
import { LEDGER_WORKFLOW_ID, MESSAGES, policyWorkflowId } from '../../../src/api/temporal-names.ts';
import type { RecordingSession } from '../recording-session.ts';
import { ended, NO_SUCH_IMAGE, onWeb, policySpec, RESTART, UNDO, WEB, type Scenario } from './scenario.ts';

/** The run that is now, followed to the run after it by an upgrade; resolves with the handle of the first. */
async function continued(session: RecordingSession, workflowId: string): Promise<WorkflowHandle> {
  const handle = session.temporal.workflow.getHandle(workflowId);
  const { runId } = await handle.describe();
  await handle.signal(MESSAGES.upgrade);
  await session.until(`${workflowId} continues as new`, async () => (await handle.describe()).runId !== runId);
  return session.temporal.workflow.getHandle(workflowId, runId);
}

const NO_IMAGE = [
  { name: 'no-image', type: 'condition', conditionTrigger: { type: 'ImagePullBackOff', duration: '0s' } },
] as const;

/** An action of a policy that waits for a person while other things are recorded: the policy looks after it each minute. */
export const begun: Scenario = {
  name: 'made-by-policy-and-still-waiting',
  async record(session) {
    await session.deploy('patient', { image: WEB });
    await session.policy('patient', policySpec('patient', { mode: 'manual', triggers: NO_IMAGE, actions: [UNDO] }));
    await session.rollOut('patient', NO_SUCH_IMAGE);
    const healing = await session.actionOf('patient');
    await healing.reached('AwaitingApproval');
    return healing.handle;
  },
};

/** The workflows that live on: before they continue as new, and after it with what they carried over. */
export const entities: readonly Scenario[] = [
  {
    name: 'policy-heals',
    async record(session) {
      await session.deploy('shop', { image: WEB });
      const { metadata } = await session.policy('shop', policySpec('shop', { triggers: NO_IMAGE, actions: [UNDO] }));
      await session.rollOut('shop', NO_SUCH_IMAGE);
      await ended(await session.actionOf('shop'), 'Healed');
      await session.available('shop');
      return continued(session, policyWorkflowId(metadata.uid));
    },
  },
  {
    name: 'policy-deleted',
    async record(session) {
      const { metadata } = await session.policyNamed('shop');
      const handle = session.temporal.workflow.getHandle(policyWorkflowId(metadata.uid));
      await session.deletePolicy('shop');
      await handle.result();
      return handle;
    },
  },
  {
    name: 'policy-looked-after-its-action',
    async record(session) {
      const { metadata } = await session.policyNamed('patient');
      const handle = session.temporal.workflow.getHandle(policyWorkflowId(metadata.uid));
      await session.until('the policy looks after its action', async () => {
        const { events } = await handle.fetchHistory();
        return (events ?? []).some(
          ({ activityTaskScheduledEventAttributes: scheduled }) => scheduled?.activityType?.name === 'findEnded',
        );
      });
      const healing = await session.actionOf('patient');
      await healing.approve();
      await ended(healing, 'Healed');
      return continued(session, policyWorkflowId(metadata.uid));
    },
  },
  {
    name: 'ledger-continued',
    record: (session) => continued(session, LEDGER_WORKFLOW_ID),
  },
  {
    name: 'ledger-carried-over',
    async record(session) {
      await session.available('web');
      await ended(await session.action('after-the-ledger-continued', onWeb(RESTART)), 'Healed');
      return session.temporal.workflow.getHandle(LEDGER_WORKFLOW_ID);
    },
  },
];
