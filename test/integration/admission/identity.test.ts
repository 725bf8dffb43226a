import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createIdentity } from '../../../src/adapters/kubernetes/identity.ts';
import type { KubeClient } from '../../../src/adapters/kubernetes/kube-client.ts';
import { resources } from '../../../src/adapters/kubernetes/resource.ts';
import type { HealingAction } from '../../../src/api/healing-action.ts';
import { startLocalEnvironment, type LocalEnvironment } from '../../../src/local/environment.ts';
import { installManifests } from '../../../src/local/install-manifests.ts';
import type { Identity } from '../../../src/local/servers/identities.ts';
import { refusal } from '../../support/crds/refusal.ts';
import { eventually } from '../../support/eventually.ts';
import { DIGEST, OTHER_DIGEST, Tenancy, WAYS, type Way } from '../../support/tenancy.ts';

/** In tenant-a alice may do everything with HealingActions but decide; bob may do the same, and decide. */
let env: LocalEnvironment;
let tenancy: Tenancy;
beforeAll(async () => {
  env = await startLocalEnvironment({ components: ['apiserver'] });
  tenancy = new Tenancy(env);
  await installManifests(tenancy.as('admin'));
  await tenancy.bind('kubeskippy-local:tenant', { kind: 'User', name: 'bob' });
  await tenancy.bind('kubeskippy-approver', { kind: 'User', name: 'bob' });
}, 60_000);
afterAll(async () => {
  await env.stop();
});

type At = Awaited<ReturnType<Tenancy['waiting']>>;
const BOB = { username: 'bob', groups: ['tenants', 'system:authenticated'] };

describe('a decision that is forged', () => {
  interface Forgery {
    readonly what: string;
    /** Leaves the action as the forger finds it. */
    readonly given: () => Promise<At>;
    readonly who: Identity;
    readonly approval: object;
    readonly refused: RegExp;
    /** Default: all. */
    readonly ways?: readonly Way[];
  }
  const NO_VERB = /user alice may not decide about HealingActions in namespace tenant-a/;
  const forgeries: readonly Forgery[] = [
    {
      what: 'without the verb approve',
      given: () => tenancy.waiting('alice'),
      who: 'alice',
      approval: {},
      refused: NO_VERB,
    },
    {
      what: 'a rejection without the verb approve',
      given: () => tenancy.waiting('alice'),
      who: 'alice',
      approval: { decision: 'Rejected' },
      refused: NO_VERB,
    },
    {
      what: 'in the name of somebody who may',
      given: () => tenancy.waiting('alice'),
      who: 'alice',
      approval: { by: 'bob' },
      refused: NO_VERB,
    },
    {
      what: 'by who may, in the name of somebody else',
      given: () => tenancy.waiting('alice'),
      who: 'bob',
      approval: { by: 'alice' },
      refused: /must be those of the authenticated user bob/,
    },
    {
      what: 'by the healer itself',
      given: () => tenancy.waiting('alice'),
      who: 'worker',
      approval: {},
      refused: /kubeskippy-worker may not decide/,
      ways: ['merge', 'json', 'apply'], // RBAC knows no update of it
    },
    {
      what: 'of one’s own request, where four eyes are demanded',
      given: () => tenancy.waiting('bob', { fourEyes: true }),
      who: 'bob',
      approval: {},
      refused: /bob has asked for this action, somebody else has to approve it/,
    },
    {
      what: 'about another plan than the one that waits',
      given: () => tenancy.waiting('alice'),
      who: 'bob',
      approval: { planDigest: OTHER_DIGEST },
      refused: /planDigest must be equal to status.planDigest/,
    },
    {
      what: 'that turns an earlier one round',
      given: async () => {
        const at = await tenancy.waiting('alice');
        await tenancy.decide('bob', at, { decision: 'Rejected' });
        return at;
      },
      who: 'bob',
      approval: { decision: 'Approved' },
      refused: /a decision is final/,
    },
    {
      what: 'that takes the place of an earlier one after the plan has changed, without the verb',
      given: async () => {
        const at = await tenancy.waiting('alice');
        await tenancy.decide('bob', at, {});
        await tenancy.plan(at, OTHER_DIGEST);
        return at;
      },
      who: 'alice',
      approval: { planDigest: OTHER_DIGEST, by: 'bob' },
      refused: NO_VERB,
    },
  ];
  const cases = forgeries.flatMap((forgery) =>
    (forgery.ways ?? WAYS).map((way): [string, Way, Forgery] => [forgery.what, way, forgery]),
  );

  test.each(cases)('%s is refused (%s)', async (_what, way, { given, who, approval, refused }) => {
    const at = await given();
    const before = (await tenancy.read(at)).spec.approval;
    for (const dryRun of [true, false])
      expect((await refusal(tenancy.decide(who, at, approval, way, { dryRun }))).message).toMatch(refused);
    expect((await tenancy.read(at)).spec.approval).toEqual(before);
  });

  test('cannot be taken back', async () => {
    const at = await tenancy.waiting('alice');
    await tenancy.decide('bob', at, {});
    const { message } = await refusal(
      tenancy.as('bob').patch(resources.healingActions, at, 'merge', { spec: { approval: null } }),
    );
    expect(message).toContain('a decision is final');
  });
});

describe('a decision that is good', () => {
  test.each(WAYS)('carries the name and groups of who made it (%s)', async (way) => {
    const at = await tenancy.waiting('alice', { fourEyes: true });
    const rehearsed = await tenancy.decide('bob', at, { comment: 'go' }, way, { dryRun: true });
    expect(rehearsed.spec.approval?.by).toBe('bob');
    expect((await tenancy.read(at)).spec.approval).toBeUndefined();

    const { spec } = await tenancy.decide('bob', at, { comment: 'go', groups: ['system:masters'] }, way);
    const { username: by, groups } = BOB;
    expect(spec.approval).toEqual({ decision: 'Approved', planDigest: DIGEST, by, groups, comment: 'go' });
    // Once more is no other decision.
    await expect(tenancy.decide('bob', at, { comment: 'go', by, groups }, way)).resolves.toBeDefined();
  });

  test('may be a rejection of one’s own request, although four eyes are demanded', async () => {
    const at = await tenancy.waiting('bob', { fourEyes: true });
    expect((await tenancy.decide('bob', at, { decision: 'Rejected' })).spec.approval?.by).toBe('bob');
  });

  test.each(WAYS)('takes the place of an earlier one about an earlier plan, under its own name (%s)', async (way) => {
    const at = await tenancy.waiting('alice');
    await tenancy.decide('bob', at, {});
    await tenancy.plan(at, OTHER_DIGEST);
    const { spec } = await tenancy.decide('admin', at, { planDigest: OTHER_DIGEST }, way);
    expect(spec.approval).toMatchObject({ planDigest: OTHER_DIGEST, by: 'admin' });
    expect(spec.approval?.groups).toContain('system:masters');
  });

  test('is the printed kubectl command, by somebody whose right comes from a group', async () => {
    const unbind = await tenancy.bind('kubeskippy-approver', { kind: 'Group', name: 'sre' });
    const at = await tenancy.waiting('alice');
    const patch = `{"spec":{"approval":{"decision":"Approved","planDigest":"${DIGEST}"}}}`;
    const args = ['patch', 'healingaction', at.name, '-n', at.namespace, '--type=merge', '-p', patch];
    await expect(tenancy.kubectl(args, { as: 'dora', groups: ['dev'] })).rejects.toThrow(/forbidden/);
    await tenancy.kubectl(args, { as: 'dora', groups: ['sre', 'dev'] });
    const { spec } = await tenancy.read(at);
    expect(spec.approval).toMatchObject({ by: 'dora', groups: ['sre', 'dev', 'system:authenticated'] });
    const identity = createIdentity(tenancy.as('worker'));
    const dora = { username: 'dora', groups: spec.approval?.groups ?? [] };
    const ref = { ...at, uid: '' };
    expect(await identity.mayApprove(dora, ref)).toBe(true);
    expect(await identity.mayApprove({ ...dora, groups: [] }, ref)).toBe(false);
    await unbind();
    await eventually(async () => {
      expect(await identity.mayApprove(dora, ref)).toBe(false); // the API server itself learns of it by a watch
    });
  });
});

describe('who asks', () => {
  test.each<Identity>(['alice', 'bob', 'worker', 'admin'])('is written down: %s', async (who) => {
    const { spec } = await tenancy.create(who, tenancy.manifest(`by-${who}`));
    expect(spec.requestedBy?.username).toBe(
      who === 'worker' ? 'system:serviceaccount:kubeskippy-system:kubeskippy-worker' : who,
    );
    expect(spec.requestedBy?.groups).toContain('system:authenticated');
  });

  test('may say so', async () => {
    const { spec } = await tenancy.create('bob', tenancy.manifest('honest', { requestedBy: { username: 'bob' } }));
    expect(spec.requestedBy).toEqual(BOB);
  });

  test.each<[string, object, RegExp]>([
    ['somebody else', { spec: { requestedBy: { username: 'bob' } } }, /must be the authenticated user alice/],
    [
      'the healer',
      { spec: { requestedBy: { username: 'system:serviceaccount:kubeskippy-system:kubeskippy-worker' } } },
      /must be the authenticated user alice/,
    ],
    [
      'one with an approval already',
      { spec: { approval: { decision: 'Approved', planDigest: DIGEST } } },
      /cannot be created with a decision/,
    ],
    [
      'one that the healer seems to hold',
      { metadata: { finalizers: ['kubeskippy.io/finalizer'] } },
      /may not change finalizers/,
    ],
    [
      'one for ..',
      { spec: { targetResource: { apiVersion: 'v1', kind: 'Pod', name: '..' } } },
      /must be a Kubernetes object name|Invalid value/,
    ],
    [
      'one of the policy .',
      { spec: { policyRef: { name: '.', namespace: 'tenant-a' } } },
      /must be a Kubernetes object name|Invalid value/,
    ],
    ['one that is called ..', { metadata: { name: '..' } }, /Invalid value|invalid/],
  ])('cannot be forged: %s', async (_what, { spec, metadata }: { spec?: object; metadata?: object }, refused) => {
    const manifest = tenancy.manifest('forged', spec, metadata);
    expect((await refusal(tenancy.create('alice', manifest))).message).toMatch(refused);
    expect((await refusal(tenancy.create('alice', manifest, { dryRun: true }))).message).toMatch(refused);
  });

  test('cannot be changed later, and is not lost when the manifest is applied or replaced', async () => {
    const manifest = tenancy.manifest('kept');
    const at = { namespace: tenancy.namespace, name: 'kept' };
    const alice = tenancy.as('alice');
    const apply = (label: string): Promise<HealingAction> =>
      alice.patch(
        resources.healingActions,
        at,
        'apply',
        { ...manifest, metadata: { ...at, labels: { label } } },
        { fieldManager: 'alice' },
      );
    for (const label of ['one', 'one', 'two'])
      expect(await apply(label)).toMatchObject({
        metadata: { labels: { label } },
        spec: { requestedBy: { username: 'alice' } },
      });
    const { resourceVersion } = (await tenancy.read(at)).metadata;
    const replaced = await alice.replace(resources.healingActions, at, {
      ...manifest,
      metadata: { ...at, resourceVersion },
    });
    expect(replaced).toMatchObject({ spec: { requestedBy: { username: 'alice' } } });
    for (const who of ['alice', 'admin'] as const)
      expect(
        (
          await refusal(
            tenancy
              .as(who)
              .patch(resources.healingActions, at, 'merge', { spec: { requestedBy: { username: 'bob' } } }),
          )
        ).message,
      ).toContain('cannot be changed once the HealingAction exists');
  });
});

describe('what holds an action', () => {
  const finalizers = (who: Identity, at: At, names: readonly string[]): Promise<HealingAction> =>
    tenancy.as(who).patch(resources.healingActions, at, 'merge', { metadata: { finalizers: names } });
  const OURS = 'kubeskippy.io/finalizer';
  const THEIRS = 'example.org/theirs';

  test('is set and taken away by the healer only', async () => {
    const at = await tenancy.waiting('alice');
    expect((await refusal(finalizers('alice', at, [OURS]))).message).toContain('user alice may not change finalizers');
    await finalizers('worker', at, [OURS]);
    for (const names of [[], [THEIRS], [OURS, 'kubeskippy.io/another']])
      expect((await refusal(finalizers('bob', at, names))).message).toContain('user bob may not change finalizers');
    await finalizers('bob', at, [THEIRS, OURS]);
    await finalizers('controller', at, [THEIRS]);
    expect((await finalizers('alice', at, [])).metadata.finalizers).toBeUndefined();
  });

  test('is out of reach of the status', async () => {
    const at = await tenancy.waiting('alice');
    const held = await finalizers('worker', at, [OURS]);
    expect(
      (await refusal(tenancy.as('alice').replace(resources.healingActions, { ...at, subresource: 'status' }, held)))
        .message,
    ).toContain('forbidden');
    const { finalizers: _none, ...metadata } = held.metadata;
    await tenancy
      .as('worker')
      .replace(resources.healingActions, { ...at, subresource: 'status' }, { ...held, metadata });
    expect((await tenancy.read(at)).metadata.finalizers).toEqual([OURS]);
    await finalizers('worker', at, []);
  });

  test('lets a deleted action go when the healer does', async () => {
    const at = await tenancy.waiting('alice');
    await finalizers('worker', at, [OURS]);
    await tenancy.kubectl(['delete', 'ha', at.name, '--wait=false']);
    expect((await refusal(finalizers('alice', at, []))).message).toContain('may not change finalizers');
    await finalizers('controller', at, []);
    expect((await refusal(tenancy.read(at))).reason).toBe('NotFound');
  });
});

describe('whether names are proven', () => {
  test('is found out by trying a lie, whoever tries and wherever', async () => {
    for (const who of ['worker', 'admin'] as const)
      for (const namespace of ['tenant-a', 'default'])
        expect(await createIdentity(tenancy.as(who)).vouched(namespace)).toBe(true);
    await expect(createIdentity(tenancy.as('worker')).vouched('no-such-namespace')).rejects.toThrow(/cannot be told/);
  });

  test('does not depend on who fills them in: before Kubernetes 1.36 it is the clients', async () => {
    const { withoutBindings, bindings } = admissionOf(tenancy.as('admin'));
    await withoutBindings(['mutatingadmissionpolicybindings']);
    const at = await eventually(async () => {
      const unknown = await tenancy.waiting('alice');
      expect((await tenancy.read(unknown)).spec.requestedBy).toBeUndefined();
      return unknown;
    }, 20_000);
    expect(await tenancy.vouched()).toBe(true);
    for (const approval of [{}, { by: 'alice' }, { by: 'bob' }, { by: 'bob', groups: ['system:masters'] }])
      expect((await refusal(tenancy.decide('bob', at, approval))).message).toContain('authenticated user bob');
    const { username: by, groups } = BOB;
    expect((await tenancy.decide('bob', at, { by, groups })).spec.approval).toMatchObject({ by, groups });
    await bindings();
  });

  test('is noticed when the policies go, and four eyes do not trust what was made meanwhile', async () => {
    const { bindings, withoutBindings } = admissionOf(tenancy.as('admin'));
    await withoutBindings();
    await eventually(async () => {
      expect(await tenancy.vouched()).toBe(false);
    }, 20_000);
    const at = await eventually(async () => {
      const unknown = await tenancy.waiting('alice', { fourEyes: true });
      expect((await tenancy.read(unknown)).spec.requestedBy).toBeUndefined();
      return unknown;
    }, 20_000);
    await bindings();
    expect(await tenancy.vouched()).toBe(true);
    expect((await refusal(tenancy.decide('bob', at, {}))).message).toContain('who asked for this action is not known');
    expect((await tenancy.decide('bob', at, { decision: 'Rejected' })).spec.approval?.by).toBe('bob');
  });
});

const BINDINGS = ['validatingadmissionpolicybindings', 'mutatingadmissionpolicybindings'];
const admissionOf = (admin: KubeClient) => ({
  withoutBindings: async (kinds = BINDINGS): Promise<void> => {
    for (const kind of kinds)
      await admin.request('DELETE', `/apis/admissionregistration.k8s.io/v1/${kind}/kubeskippy-identity`);
  },
  /** Resolves when they are in force. */
  bindings: async (): Promise<void> => {
    await installManifests(admin);
  },
});
