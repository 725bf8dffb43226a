import type { WorkflowHandle } from '@temporalio/client';
import type { ActionTemplate, HealingActionSpec } from '../../../src/api/healing-action.ts';
import type { HealingPolicySpec } from '../../../src/api/healing-policy.ts';
import type { OutcomeReason } from '../../../src/domain/outcome.ts';
import type { Healing, RecordingSession } from '../recording-session.ts';

/** One way through a workflow; resolves with the run whose history is to be kept. */
export interface Scenario {
  readonly name: string;
  readonly record: (session: RecordingSession) => Promise<WorkflowHandle>;
}

export const WEB = 'kubeskippy.local/web:1.0';
export const NO_SUCH_IMAGE = 'kubeskippy.local/no-such-program:2.0';
export const RESTART = { name: 'again', type: 'restart' } as const;
export const EVICT = { name: 'one-by-one', type: 'restart', restartAction: { strategy: 'graceful' } } as const;
export const UNDO = { name: 'back', type: 'undo' } as const;
export const UP = { name: 'up', type: 'scale', scaleAction: { direction: 'up', replicas: 1 } } as const;
export const NOTE = {
  name: 'note',
  type: 'patch',
  patchAction: { patches: [{ path: ['metadata', 'annotations', 'example.com/note'], value: 'seen' }] },
} as const;
export const DELETE = { name: 'away', type: 'delete' } as const;
export const DELETE_KEPT = { name: 'away-kept', type: 'delete', deleteAction: { keepManifest: true } } as const;
export const FIX = {
  name: 'fix',
  type: 'custom',
  customAction: { podTemplateName: 'fix' },
  requiresApproval: false,
} as const;

/** Of everything that is recorded, for the objects of one app. */
export const policySpec = (app: string, more: Partial<HealingPolicySpec> = {}): HealingPolicySpec => ({
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
  actions: [RESTART, EVICT, UNDO, UP, NOTE, DELETE, DELETE_KEPT, FIX],
  safetyRules: { maxActionsPerHour: 200 },
  verification: { stabilizationWindow: '2s', timeout: '30s' },
  ...more,
});

export const deployment = (name: string): HealingActionSpec['targetResource'] => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  name,
});
export const pod = (name: string): HealingActionSpec['targetResource'] => ({ apiVersion: 'v1', kind: 'Pod', name });

/** An action on Deployment `web` under the policy of that name. */
export const onWeb = (
  action: ActionTemplate,
  more: Partial<HealingActionSpec> & { readonly policy?: string } = {},
) => ({
  policy: 'web',
  targetResource: deployment('web'),
  action,
  ...more,
});

/** Waits for the end and insists on it: a history of something else would be kept under the wrong name. */
export async function ended(healing: Healing, reason: OutcomeReason): Promise<WorkflowHandle> {
  const outcome = await healing.ended();
  if (outcome.reason !== reason) throw new Error(`ended as ${outcome.reason} instead of ${reason}: ${outcome.message}`);
  return healing.handle;
}

/** An action on Deployment `web` that waits for a person. */
export async function asking(session: RecordingSession, name: string): Promise<Healing> {
  const healing = await session.action(name, onWeb(RESTART, { approvalRequired: true }));
  await healing.reached('AwaitingApproval');
  return healing;
}

/** A healing, named like the scenario, that `begin` leads to some point; what is done there, and how it must end. */
export const scenario = (
  name: string,
  begin: (session: RecordingSession, name: string) => Promise<Healing>,
  act: (healing: Healing) => Promise<unknown>,
  reason: OutcomeReason,
): Scenario => ({
  name,
  async record(session) {
    const healing = await begin(session, name);
    await act(healing);
    return ended(healing, reason);
  },
});
