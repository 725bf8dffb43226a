/** Everything that the worker's bundle offers to Temporal; the exported names are the workflow types. */
export { healingActionWorkflow } from './healing-action.ts';
export { healingPolicyWorkflow } from './healing-policy.ts';
export { remediationLedgerWorkflow } from './remediation-ledger.ts';
