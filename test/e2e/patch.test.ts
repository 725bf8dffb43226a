import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { resources } from '../../src/adapters/kubernetes/resource.ts';
import type { ActionTemplate, HealingAction } from '../../src/api/healing-action.ts';
import { startStack, type Stack } from '../../src/local/stack.ts';
import { effectsIn, readAuditLog, type AuditEvent } from '../support/audit-log.ts';
import { eventually } from '../support/eventually.ts';
import { Shop } from '../support/shop.ts';

const NAMESPACE = 'patched';

const container = (fields: object): string =>
  JSON.stringify({ spec: { template: { spec: { containers: [{ name: 'web', ...fields }] } } } });
const patient: ActionTemplate = {
  name: 'patient',
  type: 'patch',
  patchAction: { type: 'strategic', patch: container({ readinessProbe: { failureThreshold: 9 } }) },
};
const huge: ActionTemplate = {
  name: 'huge',
  type: 'patch',
  patchAction: { patch: container({ resources: { requests: { cpu: '9999' } } }) },
};
const asked: ActionTemplate = { ...patient, name: 'asked', requiresApproval: true };

let stack: Stack;
let shop: Shop;
beforeAll(async () => {
  stack = await startStack({ kubelet: { crashBackoffBase: '1s' } });
  shop = await Shop.open(stack, NAMESPACE);
  await shop.policy('patches', {
    mode: 'automatic',
    actions: [patient, huge, asked],
    verification: { stabilizationWindow: '2s', timeout: '15s' },
  });
}, 120_000);
afterAll(async () => {
  await stack.stop();
});

const act = (name: string, web: string, action: ActionTemplate): Promise<HealingAction> =>
  shop.act(name, {
    policyRef: { name: 'patches', namespace: NAMESPACE },
    targetResource: { apiVersion: 'apps/v1', kind: 'Deployment', name: web },
    action,
  });
const effectsOn = (web: string): AuditEvent[] =>
  effectsIn(readAuditLog(stack.env.auditLogFile)).filter(({ objectRef }) => objectRef?.name === web);
const threshold = async (web: string): Promise<unknown> => {
  const [first] = (await shop.deployment(web)).spec.template.spec.containers;
  return (first as { readonly readinessProbe?: { readonly failureThreshold?: number } }).readinessProbe
    ?.failureThreshold;
};
const waiting = (name: string, check: (action: HealingAction) => void): Promise<HealingAction> =>
  eventually(
    async () => {
      const action = await shop.readAction(name);
      expect(action.status?.reason).toBe('WaitingForApproval');
      check(action);
      return action;
    },
    30_000,
    50,
  );

test('a patch is rolled out and proven, by one write', async () => {
  await shop.deploy('good');
  await act('good', 'good', patient);
  const { status } = await shop.ended('good');
  expect(status).toMatchObject({ phase: 'Succeeded', reason: 'Healed' });
  expect(status?.result?.changes).toMatchObject([
    {
      changeType: 'patch',
      field: 'spec.template.spec.containers[web].readinessProbe.failureThreshold',
      oldValue: '3',
      newValue: '9',
    },
  ]);
  expect(await threshold('good')).toBe(9);
  expect(effectsOn('good')).toHaveLength(1);
});

test('a patch that does not heal is taken back, by one write more', async () => {
  const before = await shop.deploy('bad');
  await act('bad', 'bad', huge);
  const { status } = await shop.ended('bad');
  expect(status).toMatchObject({ phase: 'Failed', reason: 'RolledBack', rollback: { outcome: 'done' } });
  expect((await shop.deployment('bad')).spec).toEqual(before.spec);
  expect(effectsOn('bad')).toHaveLength(2);
});

test('what a person approves is shown first; when the target has changed since, it is shown and asked anew', async () => {
  await shop.deploy('drifting');
  await act('drifting', 'drifting', asked);
  const field = 'spec.template.spec.containers[web].readinessProbe.failureThreshold';
  const first = await waiting('drifting', ({ status }) => {
    expect(status?.plan?.diff).toBe(`- ${field}: 3\n+ ${field}: 9`);
  });
  await stack.admin.patch(resources.deployments, { namespace: NAMESPACE, name: 'drifting' }, 'json', [
    { op: 'replace', path: '/spec/template/spec/containers/0/readinessProbe/failureThreshold', value: 5 },
  ]);
  await shop.approve(first);

  const second = await waiting('drifting', ({ status }) => {
    expect(status?.plan?.diff).toBe(`- ${field}: 5\n+ ${field}: 9`);
  });
  expect(second.status?.planDigest).not.toBe(first.status?.planDigest);
  expect(effectsOn('drifting')).toHaveLength(0);
  expect(await threshold('drifting')).toBe(5);

  await shop.approve(second);
  expect((await shop.ended('drifting')).status).toMatchObject({ reason: 'Healed' });
  expect(await threshold('drifting')).toBe(9);
  expect(effectsOn('drifting')).toHaveLength(1);
});
