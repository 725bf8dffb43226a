import type { HealingAction } from '../../../src/api/healing-action.ts';
import type { ListedEvent } from '../../../src/cli/explain/timeline.ts';
import { at, event, PLAN, told, type Told } from './told.ts';

/** HealingActions as their statuses are on every path, at fixed times. */

const plan = {
  summary: 'undo Deployment shop/web to revision 3 (web:1)',
  action: 'undo',
  target: { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'shop', name: 'web', uid: 'd-1' },
  parameters: { revision: '3' },
  reversible: true,
  diff: ' spec.template.spec.containers[0]\n-  image: web:2\n+  image: web:1',
  verification: { stabilizationWindow: '10s', timeout: '5m' },
  plannedAt: at(0.05),
} as const;

const fired = {
  name: 'cannot-pull',
  type: 'condition',
  subject: 'Pod/shop/web-5d8-abc',
  since: at(-30),
  evidence: 'web: ImagePullBackOff',
} as const;

const analysis = {
  analyzer: 'rules',
  choice: 'undo',
  confidence: 1,
  reasons: ['cannot-pull: web: ImagePullBackOff'],
  alternatives: [{ choice: 'abstain', confidence: 0.2, reason: 'do nothing until a person has looked' }],
  time: at(0.1),
};

const accepted: Told = ['True', 'CoveredByPolicy', 0.05, 'covered by HealingPolicy bad-rollouts'];
const analyzed: Told = ['True', 'Decided', 0.1, 'rules: cannot-pull: web: ImagePullBackOff'];
const running: Told = ['Unknown', 'InProgress', 0.05, plan.summary];
const asks: Told = [
  'Unknown',
  'WaitingForApproval',
  0.2,
  `to approve: kubectl patch healingaction web-undo-1 -n shop --type=merge -p '{}'; until ${at(86_400)}; the policy asks for it`,
];
const approved: Told = ['True', 'Approved', 61, `approved by jane (kubernetes) for plan ${PLAN}`];
const notRequired: Told = ['True', 'NotRequired', 0.1, 'neither the policy nor the action asks for approval'];
const reserved: Told = ['True', 'Granted', 61.1, 'slot and target lock are held'];
const executed: Told = ['True', 'Executed', 61.2, plan.summary];

const planned = { plan, planDigest: PLAN, analysis } as const;
const approval = {
  required: true,
  approved: true,
  approvedBy: 'jane',
  approvedAt: at(61),
  method: 'kubernetes',
  verified: true,
  reason: 'go on',
  planDigest: PLAN,
} as const;
const entry = { step: 'execute', attempt: 1, planDigest: PLAN } as const;
const claimed = [
  { ...entry, kind: 'claim', summary: `approved by jane (kubernetes): ${plan.summary}`, time: at(61.1) },
  { ...entry, kind: 'intent', summary: plan.summary, time: at(61.1) },
] as const;
const done = [
  ...claimed,
  { ...entry, kind: 'outcome', effect: 'done', summary: plan.summary, time: at(61.2) },
] as const;
const changes = [
  {
    resourceRef: 'Deployment/shop/web',
    changeType: 'update',
    field: 'spec.template',
    oldValue: 'web:2',
    newValue: 'web:1',
    timestamp: at(61.2),
  },
] as const;
const before = [
  { subject: 'Deployment shop/web', check: 'available', value: '1', verdict: 'failed', time: at(61.1) },
] as const;
const asked = {
  ...planned,
  approval: {
    required: true,
    approved: false,
    planDigest: PLAN,
    expiresAt: at(86_400),
    verified: true,
    requireIdentity: true,
    fourEyes: true,
  },
} as const;
const changed = {
  ...planned,
  approval,
  result: { success: false, changes },
  evidence: { before },
  attempts: 1,
} as const;
const upToEffect = {
  Accepted: accepted,
  Analyzed: analyzed,
  Approved: approved,
  Reserved: reserved,
  Executed: executed,
};

export const WAITS = told({
  spec: { trigger: fired, requestedBy: { username: 'system:serviceaccount:kubeskippy-system:kubeskippy-worker' } },
  conditions: { Accepted: accepted, Analyzed: analyzed, Approved: asks, Succeeded: running },
  status: asked,
});

export const BLOCKED = told({
  conditions: {
    Accepted: accepted,
    Analyzed: analyzed,
    Approved: notRequired,
    Reserved: ['False', 'Settled', 90, 'given back while a person is waited for'],
    Executed: ['False', 'AwaitingOperator', 90, 'a PodDisruptionBudget forbids it. Send the signal "operate"'],
    Succeeded: running,
  },
  status: { ...planned, attempts: 3 },
  audit: [
    ...claimed,
    { ...entry, kind: 'outcome', effect: 'none', summary: 'not done: a PodDisruptionBudget forbids it', time: at(62) },
  ],
});

export const HEALED = told({
  spec: { trigger: fired },
  conditions: {
    ...upToEffect,
    Verified: ['True', 'Healed', 75, 'available for 10s'],
    Succeeded: ['True', 'Healed', 75, 'available for 10s'],
  },
  status: {
    ...changed,
    evidence: {
      before,
      after: [
        {
          subject: 'Deployment shop/web',
          check: 'healthy, and cannot-pull is false',
          value: 'available for 10s',
          verdict: 'healthy',
          time: at(75),
        },
      ],
    },
    result: { success: true, message: 'available for 10s', changes },
    completionTime: at(75),
  },
  audit: [...done, { kind: 'end', summary: 'Healed: available for 10s', planDigest: PLAN, time: at(75) }],
});

/** Every path that a healing can take, and what else is known about it. */
export const PATHS: Readonly<
  Record<string, { readonly action: HealingAction; readonly events?: readonly ListedEvent[] }>
> = {
  'not seen yet': { action: told({ spec: { requestedBy: { username: 'jane' } } }) },
  'Temporal is away': {
    action: told({
      conditions: { Accepted: ['Unknown', 'TemporalUnreachable', 5, 'Temporal: connection refused'] },
    }),
  },
  'refused at once': {
    action: told({
      conditions: {
        Accepted: ['False', 'Refused', 0.1, 'the policy has no action back'],
        Succeeded: ['False', 'Refused', 0.1, 'the policy has no action back'],
      },
      status: { completionTime: at(0.1), result: { success: false, message: 'the policy has no action back' } },
    }),
  },
  'waits for approval': {
    action: WAITS,
    events: [event(0.2, 'WaitingForApproval', `${plan.summary}: the policy asks for it`)],
  },
  rejected: {
    action: told({
      conditions: {
        Accepted: accepted,
        Analyzed: analyzed,
        Approved: ['False', 'Rejected', 61, `rejected by joe (signal) for plan ${PLAN}`],
        Succeeded: ['False', 'Rejected', 61.1, 'rejected by joe: not now'],
      },
      status: {
        ...planned,
        approval: {
          required: true,
          approved: false,
          approvedBy: 'joe',
          approvedAt: at(61),
          method: 'signal',
          verified: false,
          reason: 'not now',
          planDigest: PLAN,
        },
        completionTime: at(61.1),
      },
    }),
    events: [event(0.2, 'WaitingForApproval', `${plan.summary}: the policy asks for it`)],
  },
  expired: {
    action: told({
      conditions: {
        Accepted: accepted,
        Analyzed: analyzed,
        Approved: asks,
        Succeeded: ['False', 'Expired', 86_400, 'nobody decided in time'],
      },
      status: { ...asked, completionTime: at(86_400) },
    }),
  },
  'has no slot': {
    action: told({
      conditions: {
        Accepted: accepted,
        Analyzed: analyzed,
        Approved: notRequired,
        Reserved: ['False', 'WaitingForReservation', 0.3, 'bad-rollouts has used up its 4 actions of this hour'],
        Succeeded: running,
      },
      status: planned,
    }),
  },
  'is about to act': {
    action: told({
      conditions: {
        Accepted: accepted,
        Analyzed: analyzed,
        Approved: approved,
        Reserved: reserved,
        Succeeded: running,
      },
      status: { ...planned, approval, claim: { targetUid: 'd-1', step: 'execute', attempt: 1, time: at(61.1) } },
      audit: claimed,
    }),
  },
  'is verified': { action: told({ conditions: { ...upToEffect, Succeeded: running }, status: changed, audit: done }) },
  'waits for an operator': {
    action: BLOCKED,
    events: [event(90, 'AwaitingOperator', 'a PodDisruptionBudget forbids it', 'Warning')],
  },
  healed: {
    action: HEALED,
    events: [
      event(0.2, 'WaitingForApproval', `${plan.summary}: the policy asks for it`),
      event(61, 'Approved', `by jane (kubernetes) for plan ${PLAN}`),
      event(61.2, 'Executed', plan.summary),
      event(75, 'Healed', 'available for 10s'),
      event(30, 'Prodded', 'somebody else has said something'),
    ],
  },
  'rolled back': {
    action: told({
      conditions: {
        ...upToEffect,
        Verified: ['False', 'NotHealed', 300, '0 of 2 available after 5m'],
        RolledBack: ['True', 'RolledBack', 301, `rolled back: ${plan.summary}`],
        Succeeded: ['False', 'RolledBack', 302, `0 of 2 available after 5m; rolled back: ${plan.summary}`],
      },
      status: {
        ...changed,
        rollback: { outcome: 'done', message: `rolled back: ${plan.summary}`, time: at(301) },
        completionTime: at(302),
      },
      audit: [
        ...done,
        { kind: 'intent', step: 'rollback', attempt: 1, summary: `roll back: ${plan.summary}`, time: at(300.5) },
        { kind: 'outcome', step: 'rollback', attempt: 1, effect: 'done', summary: 'rolled back', time: at(301) },
        { kind: 'end', summary: 'RolledBack: 0 of 2 available after 5m', time: at(302) },
      ],
    }),
  },
  'taken over': {
    action: told({
      conditions: {
        ...upToEffect,
        Verified: ['False', 'NotHealed', 300, '0 of 2 available after 5m'],
        RolledBack: ['False', 'TakenOver', 301, 'somebody else has changed spec.template since'],
        Succeeded: ['False', 'NeedsHuman', 302, 'somebody else has changed spec.template since'],
      },
      status: {
        ...changed,
        rollback: { outcome: 'refused', message: 'somebody else has changed spec.template since', time: at(301) },
        completionTime: at(302),
      },
    }),
  },
  'cannot be taken back': {
    action: told({
      conditions: {
        ...upToEffect,
        Verified: ['False', 'NotHealed', 300, '0 of 2 available after 5m'],
        RolledBack: ['False', 'AwaitingOperator', 301, 'the API server refuses the rollback. Order retry'],
        Succeeded: running,
      },
      status: {
        ...changed,
        rollback: { outcome: 'failed', message: 'the API server refuses the rollback', time: at(301) },
      },
      audit: done,
    }),
  },
  'dry run': {
    action: told({
      spec: { dryRun: true },
      conditions: {
        Accepted: accepted,
        Analyzed: analyzed,
        Approved: notRequired,
        Executed: ['False', 'DryRunCompleted', 0.4, `the API server would accept it: ${plan.summary}`],
        Succeeded: ['True', 'DryRunCompleted', 0.5, `would ${plan.summary}; nothing was changed`],
      },
      status: { ...planned, result: { success: true, message: 'dry run', changes }, completionTime: at(0.5) },
    }),
  },
  deleted: {
    action: told({
      spec: { retryOf: { name: 'web-undo-0' }, requestedBy: { username: 'jane' }, expiresAt: at(600) },
      conditions: {
        Accepted: accepted,
        Succeeded: ['False', 'Deleted', 9, 'the HealingAction was deleted before it had an effect'],
      },
      status: { completionTime: at(9) },
    }),
  },
};
