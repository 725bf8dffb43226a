import type { WorkflowHandle } from '@temporalio/client';
import type { HealingActionSpec } from '../../src/api/healing-action.ts';
import type { HealingPolicySpec } from '../../src/api/healing-policy.ts';
import { LEDGER_WORKFLOW_ID, MESSAGES, policyWorkflowId } from '../../src/api/temporal-names.ts';
import type { OutcomeReason } from '../../src/domain/outcome.ts';
import type { Healing, RecordingSession } from './recording-session.ts';

/** One way through a workflow; resolves with the run whose history is to be kept. */
export interface Scenario {
  readonly name: string;
  readonly record: (session: RecordingSession) => Promise<WorkflowHandle>;
}

const WEB = 'kubeskippy.local/web:1.0';
const RESTART = { name: 'again', type: 'restart' } as const;
const UNDO = { name: 'back', type: 'undo' } as const;

const policySpec = (app: string, more: Partial<HealingPolicySpec> = {}): HealingPolicySpec => ({
  mode: 'automatic',
  selector: {
    labelSelector: { matchLabels: { app } },
    resources: [
      { apiVersion: 'apps/v1', kind: 'Deployment' },
      { apiVersion: 'v1', kind: 'Pod' },
    ],
  },
  // What never comes true here, so that only what is applied by hand happens.
  triggers: [{ name: 'killed', type: 'condition', conditionTrigger: { type: 'OOMKilled', duration: '0s' } }],
  actions: [RESTART, UNDO],
  safetyRules: { maxActionsPerHour: 100 },
  verification: { stabilizationWindow: '2s', timeout: '30s' },
  ...more,
});

const deployment = (name: string): HealingActionSpec['targetResource'] => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  name,
});

/** Waits for the end and insists on it: a history of something else would be kept under the wrong name. */
async function ended(healing: Healing, reason: OutcomeReason): Promise<WorkflowHandle> {
  const outcome = await healing.ended();
  if (outcome.reason !== reason) throw new Error(`ended as ${outcome.reason} instead of ${reason}: ${outcome.message}`);
  return healing.handle;
}

/** The run that is now, followed to the run after it by an upgrade; resolves with the handle of the first. */
async function continued(session: RecordingSession, workflowId: string): Promise<WorkflowHandle> {
  const handle = session.temporal.workflow.getHandle(workflowId);
  const { runId } = await handle.describe();
  await handle.signal(MESSAGES.upgrade);
  await session.until(`${workflowId} continues as new`, async () => (await handle.describe()).runId !== runId);
  return session.temporal.workflow.getHandle(workflowId, runId);
}

/** In this order: later ones use what earlier ones left behind. */
export const scenarios: readonly Scenario[] = [
  {
    name: 'restart-healed',
    async record(session) {
      await session.deploy('web', { image: WEB });
      await session.policy('web', policySpec('web'));
      const spec = { policy: 'web', targetResource: deployment('web'), action: RESTART };
      return ended(await session.action('restart-healed', spec), 'Healed');
    },
  },
  {
    name: 'pod-restart-healed',
    async record(session) {
      const name = await session.podOf('web');
      const spec = { policy: 'web', targetResource: { apiVersion: 'v1', kind: 'Pod', name }, action: RESTART };
      return ended(await session.action('pod-restart-healed', spec), 'Healed');
    },
  },
  {
    name: 'undo-healed',
    async record(session) {
      await session.available('web');
      await session.rollOut('web', 'kubeskippy.local/no-such-program:2.0');
      const spec = { policy: 'web', targetResource: deployment('web'), action: UNDO };
      return ended(await session.action('undo-healed', spec), 'Healed');
    },
  },
  {
    name: 'refused',
    async record(session) {
      const spec = { policy: 'no-such-policy', targetResource: deployment('web'), action: RESTART };
      return ended(await session.action('refused', spec), 'Refused');
    },
  },
  {
    name: 'dry-run',
    async record(session) {
      const spec = { policy: 'web', targetResource: deployment('web'), action: RESTART, dryRun: true };
      return ended(await session.action('dry-run', spec), 'DryRunCompleted');
    },
  },
  {
    name: 'approved-by-signal',
    async record(session) {
      const spec = { policy: 'web', targetResource: deployment('web'), action: RESTART, approvalRequired: true };
      const healing = await session.action('approved-by-signal', spec);
      await healing.reached('AwaitingApproval');
      await healing.handle.signal(MESSAGES.approve, { by: 'alice', comment: 'go on' });
      return ended(healing, 'Healed');
    },
  },
  {
    name: 'approved-by-record',
    async record(session) {
      const spec = { policy: 'web', targetResource: deployment('web'), action: RESTART, approvalRequired: true };
      const healing = await session.action('approved-by-record', spec);
      await healing.reached('AwaitingApproval');
      await healing.approve();
      return ended(healing, 'Healed');
    },
  },
  {
    name: 'rejected-by-update',
    async record(session) {
      const spec = { policy: 'web', targetResource: deployment('web'), action: RESTART, approvalRequired: true };
      const healing = await session.action('rejected-by-update', spec);
      await healing.reached('AwaitingApproval');
      await healing.handle.executeUpdate(MESSAGES.decide, { args: [{ decision: 'Rejected', by: 'alice' }] });
      return ended(healing, 'Rejected');
    },
  },
  {
    name: 'deleted-while-waiting',
    async record(session) {
      const spec = { policy: 'web', targetResource: deployment('web'), action: RESTART, approvalRequired: true };
      const healing = await session.action('deleted-while-waiting', spec);
      await healing.reached('AwaitingApproval');
      await healing.delete();
      return ended(healing, 'Deleted');
    },
  },
  {
    name: 'expired',
    async record(session) {
      await session.policy('in-a-hurry', policySpec('web', { mode: 'manual', approval: { timeout: '1s' } }));
      const spec = { policy: 'in-a-hurry', targetResource: deployment('web'), action: RESTART };
      return ended(await session.action('expired', spec), 'Expired');
    },
  },
  {
    name: 'not-healed',
    async record(session) {
      await session.deploy('doomed', { image: 'kubeskippy.local/crasher:1.0' }, { healthy: false });
      const verification = { stabilizationWindow: '1s', timeout: '4s' };
      await session.policy('doomed', policySpec('doomed', { verification }));
      const spec = { policy: 'doomed', targetResource: deployment('doomed'), action: RESTART };
      return ended(await session.action('not-healed', spec), 'NotHealed');
    },
  },
  {
    name: 'aborted-by-operator',
    async record(session) {
      await session.protectByBudget('web');
      const name = await session.podOf('web');
      const healing = await session.action('aborted-by-operator', {
        policy: 'web',
        targetResource: { apiVersion: 'v1', kind: 'Pod', name },
        action: RESTART,
        retryPolicy: { maxAttempts: 2, backoffDelay: '1s' },
      });
      await healing.reached('AwaitingOperator');
      await healing.handle.signal(MESSAGES.operate, 'abort');
      return ended(healing, 'Aborted');
    },
  },
  {
    name: 'policy-heals',
    async record(session) {
      await session.deploy('shop', { image: WEB });
      const conditionTrigger = { type: 'ImagePullBackOff', duration: '0s' } as const;
      const triggers = [{ name: 'no-image', type: 'condition', conditionTrigger }] as const;
      const { metadata } = await session.policy('shop', policySpec('shop', { triggers, actions: [UNDO] }));
      await session.rollOut('shop', 'kubeskippy.local/no-such-program:2.0');
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
    name: 'ledger-continued',
    record: (session) => continued(session, LEDGER_WORKFLOW_ID),
  },
  {
    name: 'ledger-carried-over',
    async record(session) {
      const spec = { policy: 'web', targetResource: deployment('web'), action: RESTART };
      await ended(await session.action('after-the-ledger-continued', spec), 'Healed');
      return session.temporal.workflow.getHandle(LEDGER_WORKFLOW_ID);
    },
  },
];
