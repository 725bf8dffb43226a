import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { pino } from 'pino';
import { FINALIZER, KEYS, MANAGED_BY } from '../../../src/api/constants.ts';
import type { HealingAction } from '../../../src/api/healing-action.ts';
import type { HealingPolicySpec } from '../../../src/api/healing-policy.ts';
import { StepError } from '../../../src/errors.ts';
import type { ActionRecords } from '../../../src/ports/records.ts';
import { FinishedActions } from '../../../src/watcher/finished-actions.ts';
import { policy } from '../../support/detector-world.ts';
import { ManualClock, turn } from '../../support/manual-clock.ts';
import { MemoryCluster } from '../../support/memory-cluster.ts';
import { condition } from '../../support/watcher-bench.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const BEGIN = Date.parse('2026-01-01T00:00:00Z');

let clock: ManualClock;
let cluster: MemoryCluster;
let stored: Map<string, HealingAction>;
let failure: StepError | undefined;
let removals: { readonly name: string; readonly at: number }[];
let reads: number;
let finished: FinishedActions;

beforeEach(() => {
  clock = new ManualClock(BEGIN);
  cluster = new MemoryCluster();
  stored = new Map();
  failure = undefined;
  removals = [];
  reads = 0;
  finished = new FinishedActions({ watches: cluster, actions: records, clock, logger: pino({ level: 'silent' }) });
});
afterEach(async () => {
  const stopped = finished.stop();
  await clock.advance(MINUTE);
  await stopped;
});

const records: Pick<ActionRecords, 'read' | 'remove'> = {
  read: async ({ name }) => {
    reads += 1;
    return stored.get(name);
  },
  remove: async ({ name }, resourceVersion) => {
    if (failure !== undefined) throw failure;
    const found = stored.get(name);
    if (found?.metadata.resourceVersion !== resourceVersion) return 'changed';
    removals.push({ name, at: clock.now() });
    stored.delete(name);
    cluster.delete(found.metadata.uid);
    return 'removed';
  },
};

const put = (action: HealingAction): void => {
  stored.set(action.metadata.name, action);
  cluster.put({ ...action, metadata: { ...action.metadata } });
};
/** As a policy makes it, ended at the beginning of the test. */
const ended = (
  name: string,
  over: Partial<HealingAction['metadata']> = {},
  spec: Partial<HealingAction['spec']> = {},
) => {
  const action: HealingAction = {
    apiVersion: 'kubeskippy.io/v1alpha1',
    kind: 'HealingAction',
    metadata: {
      name,
      namespace: 'shop',
      uid: `uid-${name}`,
      resourceVersion: '7',
      labels: { [KEYS.managedBy]: MANAGED_BY, [KEYS.policyName]: 'p' },
      ...over,
    },
    spec: {
      policyRef: { name: 'p', namespace: 'shop', uid: policy('p').metadata.uid },
      targetResource: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'cart' },
      action: { type: 'restart' },
      policyGeneration: 1,
      ...spec,
    },
    status: {
      completionTime: new Date(BEGIN).toISOString(),
      conditions: [condition('Executed', 'True', 'Executed'), condition('Succeeded', 'True', 'Healed')],
    },
  };
  put(action);
  return action;
};
const start = async (spec: Partial<HealingPolicySpec> = {}): Promise<void> => {
  cluster.put(policy('p', spec));
  finished.start();
  await turn();
};

describe('finished actions of a policy', () => {
  test('are removed when their time is up, also those that were there before the start', async () => {
    ended('a');
    await start({ ttlAfterFinished: '3h' });
    await clock.advance(3 * HOUR - 2 * MINUTE);
    expect(removals).toEqual([]);
    await clock.advance(3 * MINUTE);
    expect(removals.map(({ name }) => name)).toEqual(['a']);
  });

  test('are kept for a week when the policy says nothing, and when it is gone', async () => {
    ended('a');
    ended('b', {}, { policyRef: { name: 'gone', namespace: 'shop', uid: 'gone' } });
    await start();
    await clock.advance(7 * DAY - HOUR);
    expect(removals).toEqual([]);
    await clock.advance(2 * HOUR);
    expect(removals).toHaveLength(2);
  });

  test('are removed earlier when the policy is edited, and one by one', async () => {
    for (let index = 0; index < 30; index++) ended(`a-${index}`);
    await start();
    await clock.advance(DAY);
    cluster.put(policy('p', { ttlAfterFinished: '1h' }));
    await clock.advance(10_000);
    expect(removals).toHaveLength(30);
    const gaps = removals.slice(1).map(({ at }, index) => at - (removals[index]?.at ?? 0));
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(100);
  });

  test('are removed although something changes all the time', async () => {
    ended('a');
    await start({ ttlAfterFinished: '3h' });
    await clock.advance(3 * HOUR);
    for (let beat = 0; beat < 10; beat++) {
      cluster.put(policy('p', { ttlAfterFinished: '3h' }));
      await clock.advance(500);
    }
    expect(removals).toHaveLength(1);
  });

  test.each<[string, Partial<HealingAction['metadata']>, Partial<HealingAction['spec']>]>([
    ['that a person wrote', { labels: {} }, {}],
    ['that a person ordered as a retry', {}, { retryOf: { name: 'earlier' } }],
    ['that somebody wrote with the labels of a policy', {}, { policyRef: { name: 'p', namespace: 'shop' } }],
    ['that kubectl applies', { annotations: { 'kubectl.kubernetes.io/last-applied-configuration': '{}' } }, {}],
    ['that Argo CD manages', { annotations: { 'argocd.argoproj.io/tracking-id': 'x' } }, {}],
    ['that Flux manages', { managedFields: [{ manager: 'kustomize-controller', operation: 'Apply' }] }, {}],
    ['that Helm manages', { annotations: { 'meta.helm.sh/release-name': 'x' } }, {}],
    ['that its workflow still holds', { finalizers: [FINALIZER] }, {}],
    ['that is being deleted', { deletionTimestamp: '2026-01-01T00:00:00Z', finalizers: ['a/b'] }, {}],
  ])('%s stay', async (_what, metadata, spec) => {
    ended('a', metadata, spec);
    await start({ ttlAfterFinished: '1h' });
    await clock.advance(30 * DAY);
    expect(removals).toEqual([]);
    expect(stored.size).toBe(1);
  });

  test('that run are never touched', async () => {
    const action = ended('a');
    put({ ...action, status: { conditions: [condition('Succeeded', 'Unknown', 'InProgress')] } });
    await start({ ttlAfterFinished: '0s' });
    await clock.advance(30 * DAY);
    expect(removals).toEqual([]);
  });

  test('are judged by what the API server says now, not by the watch', async () => {
    const action = ended('a');
    stored.set('a', { ...action, metadata: { ...action.metadata, labels: {} } });
    await start({ ttlAfterFinished: '1h' });
    await clock.advance(DAY);
    expect(removals).toEqual([]);
    expect(reads).toBe(1); // and not over and over
  });

  test('that end while others are removed are not forgotten', async () => {
    for (let index = 0; index < 20; index++) ended(`a-${index}`);
    await start({ ttlAfterFinished: '1h' });
    await clock.advance(2 * HOUR + 500);
    expect(removals.length).toBeLessThan(20);
    ended('late');
    await clock.advance(10_000);
    expect(removals).toHaveLength(21);
  });

  test('wait while the API server is away', async () => {
    ended('a');
    failure = new StepError('Unavailable', 'away');
    await start({ ttlAfterFinished: '1h' });
    await clock.advance(DAY);
    expect(removals).toEqual([]);
    failure = undefined;
    await clock.advance(2 * MINUTE);
    expect(removals).toHaveLength(1);
  });

  test('wait until all policies are known', async () => {
    cluster.holdBack('HealingPolicy');
    ended('a');
    await start({ ttlAfterFinished: '30d' });
    await clock.advance(10 * DAY);
    expect(removals).toEqual([]);
    cluster.syncs('HealingPolicy');
    await clock.advance(10 * DAY);
    expect(removals).toEqual([]);
    await clock.advance(11 * DAY);
    expect(removals).toHaveLength(1);
  });
});
