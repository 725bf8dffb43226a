import { beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { chained, changed, sha256 } from '../../../activities/record.ts';
import { auditDigest, auditRecords } from '../../../src/domain/audit-chain.ts';
import { createActionRecords, createPolicyRecords } from '../../../src/adapters/kubernetes/records.ts';
import { resources } from '../../../src/adapters/kubernetes/resource.ts';
import { FINALIZER, KEYS } from '../../../src/api/constants.ts';
import { labelValue } from '../../../src/api/label-value.ts';
import type { HealingAction } from '../../../src/api/healing-action.ts';
import type { ActionRecords, PolicyRecords } from '../../../src/ports/records.ts';
import { readAuditLog } from '../../support/audit-log.ts';
import { serverForTests } from '../../support/installed-server.ts';

const NAMESPACE = 'records';
const server = serverForTests();
let actions: ActionRecords;
let policies: PolicyRecords;
let serial = 0;
let action: HealingAction;

beforeAll(async () => {
  const { admin, worker } = server;
  await admin.create(resources.namespaces, {}, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } });
  actions = createActionRecords(worker);
  policies = createPolicyRecords(worker);
});

const SPEC: HealingAction['spec'] = {
  policyRef: { name: 'p', namespace: NAMESPACE },
  targetResource: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'cart' },
  action: { name: 'again', type: 'restart' },
};
const newAction = (name: string, labels = {}) =>
  actions.create({ namespace: NAMESPACE, name, labels, annotations: {}, spec: SPEC });
const ref = () => ({ namespace: NAMESPACE, name: action.metadata.name, uid: action.metadata.uid });
const remove = (): Promise<unknown> => server.admin.delete(resources.healingActions, ref(), {});
const NOW = '2026-01-01T00:00:00.000Z';

beforeEach(async () => {
  action = await newAction(`a-${(serial += 1)}`);
});

describe('an action', () => {
  test('is made once under one name', async () => {
    expect((await newAction(action.metadata.name)).metadata.uid).toBe(action.metadata.uid);
  });

  test('is found by its uid, and not under the name of another', async () => {
    expect((await actions.read(ref()))?.metadata.uid).toBe(action.metadata.uid);
    expect(await actions.read({ ...ref(), uid: 'another' })).toBeUndefined();
    expect(await actions.read({ ...ref(), name: 'nobody' })).toBeUndefined();
  });

  test('is listed by namespace, and by the policy that made it, however long its name', async () => {
    const policy = 'p'.repeat(200);
    await newAction(`listed-${serial}`, { [KEYS.policyName]: labelValue(policy) });
    const names = async (of?: Parameters<ActionRecords['list']>[0]) =>
      (await actions.list(of)).map(({ metadata }) => metadata.name);
    expect(await names({ namespace: NAMESPACE, policy })).toEqual([`listed-${serial}`]);
    expect(await names({ namespace: NAMESPACE })).toEqual(expect.arrayContaining([action.metadata.name]));
    expect(await names({ namespace: 'default' })).toEqual([]);
    expect(await names()).toEqual(expect.arrayContaining([action.metadata.name]));
  });
});

describe('a status', () => {
  test('is written over what others have written meanwhile, and from an old copy too', async () => {
    const attempts = Array.from({ length: 10 }, () =>
      actions.update(action, (latest) => changed(latest, { attempts: (latest.status?.attempts ?? 0) + 1 }, NOW)),
    );
    await Promise.all(attempts);
    expect((await actions.read(ref()))?.status?.attempts).toBe(10);
  });

  test('is final once the action has ended', async () => {
    const end = { type: 'Succeeded', status: 'False', reason: 'Refused', message: 'no' } as const;
    await actions.update(ref(), (latest) => changed(latest, { set: [end] }, NOW));
    const before = await actions.read(ref());
    await actions.update(ref(), (latest) => changed(latest, { attempts: 9 }, NOW));
    expect(await actions.read(ref())).toEqual(before);
    await expect(actions.update(ref(), ({ status }) => ({ ...status, phase: 'Succeeded' }))).rejects.toMatchObject({
      code: 'Invalid',
    });
  });

  test('of the largest kind is not refused, whatever the texts', async () => {
    const text = 'ß😀 '.repeat(2_000);
    const entry = { kind: 'intent', step: 'execute', attempt: 1, summary: text, time: NOW } as const;
    const entries = Array.from({ length: 60 }, () => entry);
    const item = { subject: text, check: text, value: text, time: NOW };
    const updated = await actions.update(ref(), (latest) =>
      changed(
        latest,
        {
          audit: chained(latest, ...entries),
          plan: {
            summary: text,
            action: 'restart',
            target: {
              apiVersion: 'apps/v1',
              kind: 'Deployment',
              namespace: NAMESPACE,
              name: 'n'.repeat(253),
              uid: 'u',
            },
            approvalReason: text,
          },
          analysis: { analyzer: 'rules', choice: text, reasons: Array.from({ length: 40 }, () => text) },
          evidence: { before: Array.from({ length: 40 }, () => item), after: Array.from({ length: 40 }, () => item) },
          result: {
            success: false,
            message: text,
            changes: Array.from({ length: 40 }, () => ({
              resourceRef: text,
              changeType: 'update' as const,
              field: text,
              oldValue: text,
              newValue: text,
            })),
          },
          approval: { required: true, approved: true, approvedBy: 'b'.repeat(253), reason: text },
          rollback: { outcome: 'refused', message: text },
          set: [{ type: 'Executed', status: 'False', reason: 'Refused', message: text }],
        },
        NOW,
      ),
    );
    expect(updated?.status?.audit).toHaveLength(14);
    expect(updated === undefined ? [] : auditRecords(updated).map((record) => auditDigest(record, sha256))).toEqual(
      updated?.status?.audit?.map(({ digest }) => digest),
    );
    expect(JSON.stringify(updated?.status).length).toBeLessThan(64 * 1024);
  });

  test('of an action that is gone, or another, is not written', async () => {
    await remove();
    expect(await actions.update(ref(), (latest) => changed(latest, { attempts: 1 }, NOW))).toBeUndefined();
    expect(await actions.update(action, (latest) => changed(latest, { attempts: 1 }, NOW))).toBeUndefined();
    const other = await newAction(action.metadata.name);
    expect(await actions.update(action, (latest) => changed(latest, { attempts: 1 }, NOW))).toBeUndefined();
    expect((await actions.read({ ...ref(), uid: other.metadata.uid }))?.status).toBeUndefined();
  });

  test('that says nothing new is not written: who waits does not write all the time', async () => {
    const wait = { type: 'Reserved', status: 'False', reason: 'RateLimited', message: 'wait' } as const;
    const write = () => actions.update(ref(), (latest) => changed(latest, { set: [wait] }, NOW));
    await write();
    const writes = () =>
      readAuditLog(server.env.auditLogFile).filter(
        ({ objectRef, verb }) => objectRef?.name === action.metadata.name && verb === 'update',
      ).length;
    const before = writes();
    await write();
    await write();
    expect(writes()).toBe(before);
  });
});

describe('the finalizer', () => {
  const finalizers = async () => (await actions.read(ref()))?.metadata.finalizers ?? [];

  test('is set on exactly the version that was read, and taken off again', async () => {
    const held = await actions.hold(action);
    expect(await finalizers()).toEqual([FINALIZER]);
    expect(await actions.hold(typeof held === 'string' ? action : held)).toEqual(held);
    await actions.release(ref());
    await actions.release(ref());
    expect(await finalizers()).toEqual([]);
  });

  test('is not set when the action was written since, is being deleted, or is gone', async () => {
    await actions.update(ref(), (latest) => changed(latest, { attempts: 1 }, NOW));
    expect(await actions.hold(action)).toBe('conflict');

    await server.admin.patch(resources.healingActions, ref(), 'merge', {
      metadata: { finalizers: ['example.org/mine'] },
    });
    await remove();
    const deleting = await actions.read(ref());
    expect(deleting && (await actions.hold(deleting))).toBe('conflict');

    await server.admin.patch(resources.healingActions, ref(), 'merge', { metadata: { finalizers: null } });
    expect(await actions.hold(action)).toBe('gone');
  });

  test('leaves those of others, and lets a deleted action go', async () => {
    await server.admin.patch(resources.healingActions, ref(), 'merge', {
      metadata: { finalizers: ['example.org/mine'] },
    });
    const read = await actions.read(ref());
    if (read !== undefined) await actions.hold(read);
    await remove();
    await actions.release(ref());
    expect(await finalizers()).toEqual(['example.org/mine']);
    await server.admin.patch(resources.healingActions, ref(), 'merge', { metadata: { finalizers: null } });
    expect(await actions.read(ref())).toBeUndefined();
  });
});

describe('a policy', () => {
  test('gets its status, by uid', async () => {
    const policy = await server.admin.create<HealingAction>(
      resources.healingPolicies,
      { namespace: NAMESPACE },
      {
        apiVersion: 'kubeskippy.io/v1alpha1',
        kind: 'HealingPolicy',
        metadata: { name: `p-${serial}` },
        spec: {
          selector: {},
          triggers: [{ type: 'condition', conditionTrigger: { type: 'CrashLoopBackOff' } }],
          actions: [{ type: 'restart' }],
        },
      },
    );
    const at = { namespace: NAMESPACE, name: policy.metadata.name, uid: policy.metadata.uid };
    const updated = await policies.update(at, ({ status }) => ({ ...status, actionsTaken: 3 }));
    expect(updated?.status?.actionsTaken).toBe(3);
    expect(await policies.read({ ...at, uid: 'another' })).toBeUndefined();
    expect(await policies.update({ ...at, uid: 'another' }, () => ({ actionsTaken: 4 }))).toBeUndefined();
  });
});
