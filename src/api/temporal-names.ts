/** What KubeSkippy is called inside Temporal. Names are contract: histories and other processes hold them. */

export const TASK_QUEUE = 'kubeskippy';

export const WORKFLOWS = {
  action: 'healingActionWorkflow',
  policy: 'healingPolicyWorkflow',
  ledger: 'remediationLedgerWorkflow',
} as const;

export const actionWorkflowId = (uid: string): string => `ha-${uid}`;
export const policyWorkflowId = (uid: string): string => `hp-${uid}`;
export const LEDGER_WORKFLOW_ID = 'ledger';

/** Signals, updates and queries by name. */
export const MESSAGES = {
  approve: 'approve',
  reject: 'reject',
  decide: 'decide',
  operate: 'operate',
  decisionRecorded: 'decisionRecorded',
  deletionRequested: 'deletionRequested',
  step: 'step',
  observe: 'observe',
  seenGood: 'seenGood',
  actionEnded: 'actionEnded',
  retryStarted: 'retryStarted',
  policyDeleted: 'policyDeleted',
  reserve: 'reserve',
  admit: 'admit',
  upgrade: 'upgrade',
} as const;

/** Search attributes, all to be registered in the namespace before the first workflow starts. */
export const SEARCH_ATTRIBUTES = {
  policy: { name: 'KsPolicy', type: 'KEYWORD' },
  targetNamespace: { name: 'KsTargetNs', type: 'KEYWORD' },
  target: { name: 'KsTarget', type: 'KEYWORD' },
  action: { name: 'KsAction', type: 'KEYWORD' },
  phase: { name: 'KsPhase', type: 'KEYWORD' },
  awaitingApproval: { name: 'KsAwaitingApproval', type: 'BOOL' },
} as const;
