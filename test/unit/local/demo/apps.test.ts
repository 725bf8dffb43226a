import { describe, expect, test } from '@jest/globals';
import { Apps } from '../../../../src/local/demo/apps.ts';
import type { Incident } from '../../../../src/local/demo/incident.ts';
import { appOf, isOpen, isWell } from '../../../../src/local/demo/incident.ts';
import { injectionAuditId, scenarios } from '../../../../src/local/demo/scenario.ts';
import {
  auditEntry,
  condition,
  conditionsUpTo,
  deployment,
  healingAction,
  podReport,
  rfc3339,
  T0,
} from '../../../support/local/demo-objects.ts';

const [brokenImage, , memoryLeak] = scenarios;

const incidentsOf = (apps: Apps, app: string): readonly Incident[] =>
  apps.list().find(({ name }) => name === app)?.incidents ?? [];

const pullFails = { state: { waiting: { reason: 'ErrImagePull' } } };
const killed = (ms: number): object => ({
  state: { terminated: { reason: 'OOMKilled', exitCode: 137, startedAt: rfc3339(0), finishedAt: rfc3339(ms) } },
});
const imageTrigger = {
  name: 'image-cannot-be-pulled',
  type: 'condition',
  condition: { type: 'ImagePullBackOff' },
  subject: 'Pod/demo/storefront-b-1',
  since: rfc3339(400),
} as const;

test('a rollout: times run from the injection, by the audit log', () => {
  const apps = new Apps();
  apps.audited(auditEntry(0, injectionAuditId(brokenImage!)));
  apps.audited(podReport(450, 'storefront-b-1', pullFails));
  apps.audited(podReport(900, 'storefront-b-1', pullFails));
  apps.action(
    healingAction('undo-1', { trigger: imageTrigger, status: { conditions: conditionsUpTo('Executed', 600) } }),
  );
  apps.audited(auditEntry(570, 'ks/uid-undo-1/execute/1.5.1'));
  const [incident] = incidentsOf(apps, 'storefront');
  expect(incident).toMatchObject({ scenario: brokenImage, faultAt: T0, evidenceAt: T0 + 450, effectAt: T0 + 570 });
  expect(incident?.verifiedAt).toBeUndefined();
  expect(incident !== undefined && isOpen(incident)).toBe(true);
});

test('a leak has no injection: its fault is the report of the kill', () => {
  const apps = new Apps();
  apps.audited(podReport(100, 'orders-a-1', { state: { running: { startedAt: rfc3339(0) } } }));
  apps.audited(podReport(4000, 'orders-a-1', killed(3900)));
  const trigger = { ...imageTrigger, condition: { type: 'OOMKilled' }, subject: 'Pod/demo/orders-a-1' };
  apps.action(healingAction('restart-1', { app: 'orders', kind: 'Pod', target: 'orders-a-1', trigger }));
  expect(incidentsOf(apps, 'orders')).toMatchObject([
    { scenario: memoryLeak, faultAt: T0 + 4000, evidenceAt: T0 + 4000 },
  ]);
});

test('the injection alone is an incident already, and its evidence shows before there is an action', () => {
  const apps = new Apps();
  expect(incidentsOf(apps, 'storefront')).toEqual([]);
  apps.audited(podReport(-50, 'storefront-a-1', pullFails)); // before it: not from this fault
  apps.audited(auditEntry(0, injectionAuditId(brokenImage!)));
  expect(incidentsOf(apps, 'storefront')).toMatchObject([{ actions: [], faultAt: T0 }]);
  apps.audited(podReport(450, 'storefront-b-1', pullFails));
  expect(incidentsOf(apps, 'storefront')).toMatchObject([{ evidenceAt: T0 + 450 }]);
});

describe('the effect', () => {
  const executed = healingAction('undo-1', {
    trigger: imageTrigger,
    status: { conditions: conditionsUpTo('Executed', 600) },
  });

  test.each([
    ['a claim on the target', auditEntry(500, 'ks/uid-undo-1/execute/1.5.1/claim')],
    ['a refused write', auditEntry(500, 'ks/uid-undo-1/execute/1.5.1', { responseStatus: { code: 409 } })],
    ['a dry run', auditEntry(500, 'ks/uid-undo-1/execute/1.5.1', { requestURI: '/x?dryRun=All' })],
    ['the effect of another action', auditEntry(500, 'ks/uid-undo-2/execute/1.5.1')],
  ])('is not %s; without a line of its own the time of its record counts', (_what, entry) => {
    const apps = new Apps();
    apps.audited(entry);
    apps.action(executed);
    expect(incidentsOf(apps, 'storefront')).toMatchObject([{ effectAt: T0 + 600 }]);
  });
});

test('each success ends an incident; a try that failed does not', () => {
  const apps = new Apps();
  const healed = (ms: number) => ({
    conditions: [...conditionsUpTo('Verified', ms), condition('Succeeded', 'Healed', ms)],
  });
  const failed = { conditions: [condition('Succeeded', 'NotHealed', 0, 'False')] };
  apps.action(healingAction('one', { status: failed }));
  apps.action(healingAction('two', { status: healed(100) }));
  apps.action(healingAction('three', { status: healed(200) }));
  apps.action(healingAction('four'));
  const incidents = incidentsOf(apps, 'storefront');
  expect(incidents.map(({ actions }) => actions.map(({ metadata }) => metadata.name))).toEqual([
    ['one', 'two'],
    ['three'],
    ['four'],
  ]);
  expect(incidents.map(isOpen)).toEqual([false, false, true]);
  expect(incidents.map(({ scenario }) => scenario?.name)).toEqual(['broken-image', undefined, undefined]);
});

test('the demo looks at the Deployment itself, and only once the healing is called verified', () => {
  const apps = new Apps();
  apps.deployment(deployment('storefront', 2));
  apps.action(healingAction('one', { status: { conditions: conditionsUpTo('Executed') } }));
  expect(incidentsOf(apps, 'storefront')[0]?.wellAt).toBeUndefined();
  apps.deployment(deployment('storefront', 1));
  apps.action(healingAction('one', { status: { conditions: conditionsUpTo('Verified') } }));
  expect(incidentsOf(apps, 'storefront')[0]?.wellAt).toBeUndefined();
  apps.deployment(deployment('storefront', 2));
  expect(incidentsOf(apps, 'storefront')[0]?.wellAt).toBeDefined();
});

test("apps of the user's own come after the demo's three", () => {
  const apps = new Apps();
  apps.deployment(deployment('zoo'));
  apps.deployment(deployment('blog'));
  apps.deployment(deployment('orders'));
  expect(apps.list().map(({ name }) => name)).toEqual(['storefront', 'checkout', 'orders', 'blog', 'zoo']);
  apps.deploymentGone('zoo');
  expect(apps.list().map(({ name }) => name)).not.toContain('zoo');
});

test('an action on a pod belongs to what controls it', () => {
  const pod = { app: 'x', kind: 'Pod', target: 'my-shop-5d4c-x7k2p' } as const;
  expect(appOf(healingAction('a', pod))).toBe('my-shop');
  const plan = {
    summary: '',
    action: 'restart',
    target: { apiVersion: 'v1', kind: 'Pod', namespace: 'demo', name: 'p', uid: 'u' },
    parameters: { workloadName: 'my-shop-db' },
  } as const;
  expect(appOf(healingAction('a', { ...pod, status: { plan } }))).toBe('my-shop-db');
  expect(appOf(healingAction('a', { app: 'checkout' }))).toBe('checkout');
});

test.each([
  ['all there', {}, true],
  ['one unavailable', { availableReplicas: 1 }, false],
  ['an old pod still there', { replicas: 3 }, false],
  ['not rolled out', { updatedReplicas: 1 }, false],
  ['not seen by its controller', { observedGeneration: 2 }, false],
])('a Deployment with %s', (_what, status, well) => {
  const base = deployment('storefront');
  expect(isWell({ ...base, status: { ...base.status, ...status } })).toBe(well);
});
