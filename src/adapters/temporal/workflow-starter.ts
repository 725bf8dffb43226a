import { WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import { defineSearchAttributeKey, TypedSearchAttributes, WorkflowNotFoundError } from '@temporalio/common';
import { actionWorkflowId, MESSAGES, SEARCH_ATTRIBUTES, TASK_QUEUE, WORKFLOWS } from '../../api/temporal-names.ts';
import type { ObjectRef } from '../../domain/target-ref.ts';
import type { ActionSummary, WorkflowStarter, WorkflowState } from '../../ports/workflow-starter.ts';
import type { TemporalConnection } from './connection.ts';
import { runningUids } from './running-workflows.ts';

/** Temporal's longest Keyword; a namespace and a name can have 317 characters. */
const KEYWORD_LIMIT = 255;
const SUMMARY_LIMIT = 400;
const LIST_DEADLINE_MS = 30_000;

const { policy, targetNamespace, target, action, phase, awaitingApproval } = SEARCH_ATTRIBUTES;
const KEYS = {
  policy: defineSearchAttributeKey(policy.name, policy.type),
  targetNamespace: defineSearchAttributeKey(targetNamespace.name, targetNamespace.type),
  target: defineSearchAttributeKey(target.name, target.type),
  action: defineSearchAttributeKey(action.name, action.type),
  phase: defineSearchAttributeKey(phase.name, phase.type),
  awaitingApproval: defineSearchAttributeKey(awaitingApproval.name, awaitingApproval.type),
};

/** {@link WorkflowStarter} on Temporal. `taskQueue` is where the workers listen; default {@link TASK_QUEUE}. */
export function createWorkflowStarter(connection: TemporalConnection, taskQueue: string = TASK_QUEUE): WorkflowStarter {
  const signal = (uid: string, name: string): Promise<WorkflowState> =>
    connection.call(async (client) => {
      try {
        await client.workflow.getHandle(actionWorkflowId(uid)).signal(name);
        return 'running';
      } catch (error) {
        if (error instanceof WorkflowNotFoundError) return 'closed';
        throw error;
      }
    });

  /** `closed`: there was a run that the policy does not let another follow. */
  const start = (
    { namespace, name, uid }: ObjectRef,
    summary: ActionSummary,
    workflowIdReusePolicy: 'REJECT_DUPLICATE' | 'ALLOW_DUPLICATE_FAILED_ONLY' | 'ALLOW_DUPLICATE',
    how: { readonly settle?: true },
  ): Promise<WorkflowState> =>
    connection.call(async (client) => {
      try {
        await client.workflow.start(WORKFLOWS.action, {
          workflowId: actionWorkflowId(uid),
          workflowIdConflictPolicy: 'USE_EXISTING',
          workflowIdReusePolicy,
          taskQueue,
          args: [{ action: { namespace, name, uid }, ...how }],
          staticSummary: summary.line.slice(0, SUMMARY_LIMIT),
          staticDetails: detailsOf(namespace, name, summary),
          typedSearchAttributes: searchAttributes(summary),
        });
        return 'running';
      } catch (error) {
        if (error instanceof WorkflowExecutionAlreadyStartedError) return 'closed';
        throw error;
      }
    });

  return {
    async startHealingAction(ref, summary) {
      const first = await start(ref, summary, 'REJECT_DUPLICATE', {});
      // Only a run that did not come to its own end: Temporal itself refuses to follow one that did.
      return first === 'running' ? first : start(ref, summary, 'ALLOW_DUPLICATE_FAILED_ONLY', { settle: true });
    },
    settleHealingAction: (ref, summary) => start(ref, summary, 'ALLOW_DUPLICATE', { settle: true }),
    signalDecision: ({ uid }) => signal(uid, MESSAGES.decisionRecorded),
    cancel: ({ uid }) => signal(uid, MESSAGES.deletionRequested),
    running: () =>
      connection.call((client) => runningUids(client, WORKFLOWS.action, actionWorkflowId(''), 0), LIST_DEADLINE_MS),
    ping: () => connection.ping(),
  };
}

/** Where the rest of it is: this workflow holds progress, the HealingAction what was asked for and what came of it. */
const detailsOf = (namespace: string, name: string, { line, policy }: ActionSummary): string =>
  [
    `**HealingAction** \`${namespace}/${name}\`: ${line}, permitted by HealingPolicy \`${policy}\``,
    '',
    `- all of it: \`kubeskippy explain ${name} -n ${namespace}\``,
    `- as it is stored: \`kubectl get healingaction ${name} -n ${namespace} -o yaml\``,
    `- to end it: \`kubectl delete healingaction ${name} -n ${namespace}\`; what was changed is verified or rolled back first`,
  ].join('\n');

const searchAttributes = (summary: ActionSummary): TypedSearchAttributes =>
  new TypedSearchAttributes([
    { key: KEYS.policy, value: summary.policy.slice(0, KEYWORD_LIMIT) },
    { key: KEYS.targetNamespace, value: summary.targetNamespace },
    { key: KEYS.target, value: summary.target.slice(0, KEYWORD_LIMIT) },
    { key: KEYS.action, value: summary.action },
    { key: KEYS.phase, value: 'Pending' },
    { key: KEYS.awaitingApproval, value: false },
  ]);
