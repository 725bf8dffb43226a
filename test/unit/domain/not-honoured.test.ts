import { describe, expect, test } from '@jest/globals';
import type { HealingPolicySpec } from '../../../src/api/healing-policy.ts';
import { notHonoured } from '../../../src/domain/not-honoured.ts';

const minimal: HealingPolicySpec = { selector: {}, triggers: [], actions: [] };
const listed = (more: Partial<HealingPolicySpec>): string[] => notHonoured({ ...minimal, ...more }, 'shop');

describe('what a policy asks for and gets', () => {
  test('everything this release honours is not listed', () => {
    expect(
      listed({
        selector: {
          namespaces: ['shop'],
          labelSelector: { matchLabels: { app: 'web' } },
          resources: [
            { apiVersion: 'v1', kind: 'Pod' },
            { apiVersion: 'apps/v1', kind: 'Deployment', excludeNames: ['db'] },
            { apiVersion: 'apps/v1', kind: 'StatefulSet' },
            { apiVersion: 'apps/v1', kind: 'DaemonSet' },
          ],
        },
        triggers: [
          {
            name: 'crash',
            type: 'condition',
            conditionTrigger: { type: 'CrashLoopBackOff', status: 'True', duration: '0s' },
            cooldownPeriod: '10m',
          },
        ],
        actions: [
          { name: 'undo', type: 'undo', priority: 1, requiresApproval: true },
          { name: 'more', type: 'scale', scaleAction: { direction: 'up', replicas: 1 } },
          { name: 'slower', type: 'patch', patchAction: { type: 'merge', patch: '{}' } },
          {
            name: 'restart',
            type: 'restart',
            restartAction: { strategy: 'recreate', maxConcurrent: 2, gracePeriodSeconds: 5 },
          },
        ],
        safetyRules: {
          maxActionsPerHour: 0,
          protectedResources: [{ apiVersion: 'apps/v1', kind: 'StatefulSet' }],
          requireHealthCheck: true,
          healthCheckTimeout: '1m',
        },
        mode: 'automatic',
        verification: {
          stabilizationWindow: '10s',
          timeout: '1m',
          queries: [{ query: 'up', operator: '==', threshold: 1 }],
        },
        approval: { timeout: '1h', fourEyes: true, requireIdentity: true },
      }),
    ).toEqual([]);
  });

  test.each<[string, Partial<HealingPolicySpec>, string[]]>([
    ['another namespace', { selector: { namespaces: ['shop', 'bank'] } }, ['spec.selector.namespaces[1]']],
    [
      'a kind that is not watched',
      {
        selector: {
          resources: [
            { apiVersion: 'v1', kind: 'Pod' },
            { apiVersion: 'v1', kind: 'Service' },
          ],
        },
      },
      ['spec.selector.resources[1].kind'],
    ],
    [
      'metric triggers in both forms and event triggers',
      {
        triggers: [
          { type: 'metric', metricTrigger: { query: 'up', threshold: 1 } },
          { type: 'metric', query: 'up', threshold: 1 },
          { type: 'event', eventTrigger: { reason: 'BackOff' } },
          { type: 'condition', conditionTrigger: { type: 'Ready', status: 'False' } },
        ],
      },
      ['spec.triggers[0].type', 'spec.triggers[1].type', 'spec.triggers[2].type'],
    ],
  ])('%s', (_, more, paths) => {
    expect(listed(more)).toEqual(paths);
  });

  test('the list fits into the status', () => {
    const triggers = Array.from({ length: 60 }, () => ({ type: 'event', eventTrigger: {} }) as const);
    expect(listed({ triggers })).toHaveLength(50);
  });
});
