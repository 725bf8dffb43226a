import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { readCrds } from '../../../scripts/read-crds.ts';
import type { Schema } from '../../../src/adapters/kubernetes/crd-schema.ts';
import { KubeClient } from '../../../src/adapters/kubernetes/kube-client.ts';
import { resources } from '../../../src/adapters/kubernetes/resource.ts';
import type { HealingAction } from '../../../src/api/healing-action.ts';
import type { KubeObject } from '../../../src/api/meta.ts';
import { startLocalEnvironment, type LocalEnvironment } from '../../../src/local/environment.ts';
import { installManifests } from '../../../src/local/install-manifests.ts';
import { refusal } from '../../support/crds/refusal.ts';
import { eventually } from '../../support/eventually.ts';
import { rightObjects, wrongObjects } from '../../support/crds/fixtures.ts';
import { nodesOf } from '../../support/crds/schema-nodes.ts';

const run = promisify(execFile);
const namespace = 'default';
const OPEN_API = '/openapi/v3/apis/kubeskippy.io/v1alpha1';
const KINDS = ['HealingPolicy', 'HealingAction'];
let env: LocalEnvironment;
let client: KubeClient;

beforeAll(async () => {
  env = await startLocalEnvironment({ components: ['apiserver'] });
  client = KubeClient.load({ kubeconfig: env.kubeconfig('admin') });
  await installManifests(client, ['crds']);
}, 60_000);
afterAll(async () => {
  await env.stop();
});

const resourceOf = (object: KubeObject) =>
  object.kind === 'HealingPolicy' ? resources.healingPolicies : resources.healingActions;
/** What `kubectl apply --dry-run=server` asks: strict validation, nothing stored. */
const tryOut = (object: KubeObject): Promise<KubeObject> =>
  client.create(resourceOf(object), { namespace }, object, { dryRun: true });
const kubectl = async (...args: string[]): Promise<string> => {
  const { stdout } = await run(env.kubectl, ['--kubeconfig', env.kubeconfig('admin'), ...args]);
  return stdout;
};

describe('what the API server lets in', () => {
  test.each(rightObjects())('$name', async ({ object }) => {
    await expect(tryOut(object)).resolves.toMatchObject({ kind: object.kind });
  });

  test.each(wrongObjects())('not $name', async ({ object, refused }) => {
    const { message, status } = await refusal(tryOut(object));
    expect([400, 422]).toContain(status);
    for (const expected of refused) expect(message).toContain(expected);
  });

  test('defaults are those of the original', async () => {
    const found = rightObjects().find(({ name }) => name === 'policy-action-defaults');
    await expect(tryOut(found!.object)).resolves.toMatchObject({
      spec: {
        mode: 'monitor',
        triggers: [{ cooldownPeriod: '5m', conditionTrigger: { duration: '2m' } }],
        actions: expect.arrayContaining([
          { name: 'restart', type: 'restart', priority: 50 },
          expect.objectContaining({
            restartAction: { strategy: 'rolling', maxConcurrent: 1, gracePeriodSeconds: 30 },
          }),
        ]),
        safetyRules: { maxActionsPerHour: 10, healthCheckTimeout: '5m' },
      },
    });
  });
});

describe('what people see', () => {
  test('kubectl explain has words for every field', async () => {
    // What the API server publishes is what kubectl explain prints.
    const published = await publishedSchemas();
    for (const { kind, schema } of await readCrds('crds')) {
      const served = nodesOf(published[`io.kubeskippy.v1alpha1.${kind}`]!, kind);
      const words = new Map(served.map((node) => [node.path, node.schema['description']]));
      for (const node of nodesOf(schema, kind))
        expect([node.path, words.get(node.path)]).toEqual([node.path, node.schema['description']]);
    }
    const text = await kubectl('explain', 'hp.spec.triggers.conditionTrigger.status');
    expect(text).toMatch(/ENUM:\s+True\s+False\s+Unknown/);
    expect(text.replace(/\s+/g, ' ')).toContain('Status that the condition must have for the trigger to hold');
  });

  test('kubectl get shows the columns, and finds actions by field', async () => {
    await client.create(resources.healingPolicies, { namespace }, rightObject('policy-minimal'));
    await client.create(resources.healingActions, { namespace }, rightObject('action-by-policy'));
    const columns = async (...args: string[]): Promise<string[]> =>
      (await kubectl('get', ...args))
        .split('\n')[0]!
        .trim()
        .split(/\s{2,}/);
    expect(await columns('hp')).toEqual(['NAME', 'READY', 'MODE', 'ACTIONS TAKEN', 'LAST ACTION', 'AGE']);
    expect(await columns('ha')).toEqual([
      ...['NAME', 'TARGET', 'TARGET NAME', 'ACTION', 'PHASE', 'SUCCESS', 'REASON', 'AGE'],
    ]);
    expect((await columns('ha', '-o', 'wide')).slice(-2)).toEqual(['POLICY', 'WORKFLOW']);
    expect(await kubectl('get', 'kubeskippy', '-o', 'name')).toContain('healingpolicy.kubeskippy.io/minimal');
    const undone = ['get', 'ha', '-o', 'name', '--field-selector'];
    expect(await kubectl(...undone, 'spec.policyRef.name=web,spec.action.type=undo')).toContain('web-undo-1');
    expect(await kubectl(...undone, 'spec.action.type=restart')).toBe('');
  });
});

describe('what happens to a HealingAction later', () => {
  const digest = 'a'.repeat(32);
  const otherDigest = 'b'.repeat(32);
  let count = 0;

  /** A new HealingAction whose status names the plan, as the healer writes it. */
  async function planned(): Promise<{ readonly at: { namespace: string; name: string } }> {
    const at = { namespace, name: `later-${++count}` };
    const { spec } = rightObject('action-every-original-field') as HealingAction;
    const object = { apiVersion: 'kubeskippy.io/v1alpha1', kind: 'HealingAction', metadata: { name: at.name }, spec };
    await client.create(resources.healingActions, { namespace }, object);
    await status(at, { planDigest: digest, phase: 'Pending' });
    return { at };
  }
  interface At {
    readonly namespace: string;
    readonly name: string;
  }
  const patchSpec = (at: At, spec: object): Promise<HealingAction> =>
    client.patch(resources.healingActions, at, 'merge', { spec });
  const status = (at: At, change: object): Promise<HealingAction> =>
    client.patch(resources.healingActions, { ...at, subresource: 'status' }, 'merge', { status: change });

  test.each<[string, object]>([
    ['policyRef', { policyRef: { name: 'other' } }],
    ['targetResource', { targetResource: { name: 'other' } }],
    ['targetResource', { targetResource: { uid: null } }],
    ['action', { action: { restartAction: { gracePeriodSeconds: 0 } } }],
    ['approvalRequired', { approvalRequired: false }],
    ['approvalRequired', { approvalRequired: null }],
    ['dryRun', { dryRun: false }],
    ['timeout', { timeout: '1h' }],
    ['retryPolicy', { retryPolicy: { maxAttempts: 99 } }],
    ['retryOf', { retryOf: { name: 'earlier' } }],
    ['requestedBy', { requestedBy: { username: 'someone-else' } }],
    ['expiresAt', { expiresAt: '2099-01-01T00:00:00Z' }],
    ['policyGeneration', { policyGeneration: 9 }],
    ['trigger', { trigger: { name: 'a', type: 'event' } }],
  ])('spec.%s cannot be changed: %j', async (field, change) => {
    const { at } = await planned();
    const { message } = await refusal(patchSpec(at, change));
    expect(message).toContain(`spec.${field}: Invalid value`);
    expect(message).toContain('cannot be changed once the HealingAction exists');
  });

  test('labels and annotations can', async () => {
    const { at } = await planned();
    await expect(
      client.patch(resources.healingActions, at, 'merge', { metadata: { labels: { team: 'a' } } }),
    ).resolves.toMatchObject({ metadata: { labels: { team: 'a' } } });
  });

  test('a decision must be about the plan that waits', async () => {
    const { at } = await planned();
    const { message } = await refusal(patchSpec(at, { approval: { decision: 'Approved', planDigest: otherDigest } }));
    expect(message).toContain('spec.approval');
    expect(message).toContain('planDigest must be equal to status.planDigest');
    await expect(
      patchSpec(at, { approval: { decision: 'Approved', planDigest: digest, by: 'admin', comment: 'go' } }),
    ).resolves.toMatchObject({ spec: { approval: { decision: 'Approved' } } });
  });

  test('there is nothing to decide before there is a plan', async () => {
    const { at } = await planned();
    await status(at, { planDigest: null });
    const { message } = await refusal(patchSpec(at, { approval: { decision: 'Approved', planDigest: digest } }));
    expect(message).toContain('planDigest must be equal to status.planDigest');
  });

  test('a decision is final, until there is another plan', async () => {
    const { at } = await planned();
    await patchSpec(at, { approval: { decision: 'Rejected', planDigest: digest, by: 'admin' } });
    for (const change of [{ decision: 'Approved' }, { by: 'other' }, { comment: 'changed my mind' }]) {
      const { message } = await refusal(patchSpec(at, { approval: change }));
      expect(message).toContain('a decision is final');
    }
    expect((await refusal(patchSpec(at, { approval: null }))).message).toContain('a decision is final');

    // The healer makes another plan; the old decision stays on record and in nobody's way.
    await status(at, { planDigest: otherDigest });
    expect((await refusal(patchSpec(at, { approval: { decision: 'Approved' } }))).message).toContain(
      'a decision is final',
    );
    await expect(patchSpec(at, { approval: { decision: 'Approved', planDigest: otherDigest } })).resolves.toMatchObject(
      { spec: { approval: { decision: 'Approved', planDigest: otherDigest } } },
    );
  });

  test('the end is final', async () => {
    for (const phase of ['Succeeded', 'Failed', 'Cancelled']) {
      const { at } = await planned();
      await status(at, { phase: 'InProgress' });
      await status(at, { phase });
      for (const change of [{ phase: 'InProgress' }, { phase: 'Pending' }, { phase: null }])
        expect((await refusal(status(at, change))).message).toContain('a finished HealingAction stays as it ended');
      await expect(status(at, { result: { success: false, message: 'as it was' } })).resolves.toMatchObject({
        status: { phase },
      });
      const { message } = await refusal(
        client.patch(resources.healingActions, { ...at, subresource: 'status' }, 'json', [
          { op: 'remove', path: '/status' },
        ]),
      );
      expect(message).toContain('the status of a HealingAction cannot be taken away');
    }
  });

  test('status is not for who may write the spec only', async () => {
    const { at } = await planned();
    await client.patch(resources.healingActions, at, 'merge', { status: { phase: 'Succeeded' } });
    await expect(client.get<HealingAction>(resources.healingActions, at)).resolves.toMatchObject({
      status: { phase: 'Pending' },
    });
  });
});

function rightObject(name: string): KubeObject {
  const found = rightObjects().find((fixture) => fixture.name === name);
  if (found === undefined) throw new Error(`there is no fixture ${name}`);
  return found.object;
}

/** The schemas of our kinds as clients see them; the API server publishes them a moment after the CRDs are there. */
const publishedSchemas = (): Promise<Readonly<Record<string, Schema>>> =>
  eventually(
    async () => {
      const document = await client.request<{ components: { schemas: Record<string, Schema> } }>('GET', OPEN_API);
      const { schemas } = document.components;
      expect(Object.keys(schemas)).toEqual(
        expect.arrayContaining(KINDS.map((kind) => `io.kubeskippy.v1alpha1.${kind}`)),
      );
      return schemas;
    },
    15_000,
    100,
  );
