import { beforeEach, describe, expect, test } from '@jest/globals';
import { accept } from '../../../activities/accept.ts';
import type { HealingActionSpec } from '../../../src/api/healing-action.ts';
import type { HealingPolicySpec } from '../../../src/api/healing-policy.ts';
import type { AcceptedPlan, Ended } from '../../../src/domain/steps.ts';
import type { ObjectRef } from '../../../src/domain/target-ref.ts';
import { at, MemoryWorld } from '../../support/memory-world.ts';
import { accepted, now, tryEffect } from '../../support/steps.ts';

let world: MemoryWorld;

beforeEach(() => {
  world = new MemoryWorld();
  world.deploy('cart');
});

const outcomeOf = (result: AcceptedPlan | Ended): string =>
  result.result === 'ended' ? `${result.outcome.reason}: ${result.outcome.message}` : 'accepted';
const tell = async (action: ObjectRef): Promise<string> => outcomeOf(await accept(world.ports, action, now));

describe('an action that its policy covers', () => {
  test('gets a plan of absolute values, bound by a digest, for its target as it is', async () => {
    world.policy();
    const action = world.action();
    const plan = await accepted(world, action);
    const { status } = world.the(action);
    expect(plan).toMatchObject({ resumed: false, dryRun: false, reversible: false, planDigest: status?.planDigest });
    expect(status?.planDigest).toMatch(/^[0-9a-f]{32}$/);
    expect(status?.plan).toMatchObject({
      action: 'restart',
      target: { uid: world.deployment('cart').metadata.uid, namespace: 'shop', name: 'cart' },
      parameters: { restartedAt: expect.stringMatching(/\.\d{3}Z$/) },
    });
    expect(status?.workflow).toEqual({ id: `ha-${action.uid}` });
  });

  test('is planned the same when it is planned again from the same state', async () => {
    world.policy();
    const action = world.action();
    await accepted(world, action);
    const { plan, planDigest } = world.the(action).status ?? {};
    await new Promise((resolve) => setImmediate(resolve));
    await accept(world.ports, action, () => new Date(Date.now() + 60_000));
    expect(world.the(action).status).toMatchObject({ plan, planDigest });
  });

  test('says in an Event what is planned, and that it was planned anew', async () => {
    const told = (): string[] => world.events.map(({ reason }) => reason);
    world.policy();
    const action = world.action({ action: { name: 'back', type: 'undo' } });
    world.rollOut('cart', 'broken:2');
    await accepted(world, action);
    await accepted(world, action);
    expect(told()).toEqual(['Planned']);
    world.rollOut('cart', 'broken:3');
    const { planDigest } = await accepted(world, action);
    expect(told()).toEqual(['Planned', 'PlanChanged']);
    expect(world.events.at(-1)?.note).toContain(planDigest);
  });

  test('is reserved by names, so that re-creating its policy resets nothing', async () => {
    world.policy({ safetyRules: { maxActionsPerHour: 7 } });
    expect((await accepted(world, world.action())).reservation).toMatchObject({
      policy: 'shop/policy',
      target: 'Deployment shop/cart',
      maxActionsPerHour: 7,
    });
  });

  test('carries the rules of its own spec and of its policy', async () => {
    world.policy({ verification: { stabilizationWindow: '10s', timeout: '1m' }, approval: { timeout: '2h' } });
    const plan = await accepted(
      world,
      world.action({ timeout: '30s', retryPolicy: { maxAttempts: 5, backoffDelay: '1s', backoffMultiplier: 3 } }),
    );
    expect(plan).toMatchObject({
      timeoutMs: 30_000,
      retry: { maxAttempts: 5, backoffMs: 1_000, multiplier: 3 },
      verification: { windowMs: 10_000, timeoutMs: 30_000 },
      approval: { required: false, timeoutMs: 7_200_000 },
    });
  });

  const demands: [string, Partial<HealingPolicySpec>, Partial<HealingActionSpec>, RegExp][] = [
    ['the mode of the policy', { mode: 'manual' }, {}, /mode manual/],
    [
      'the template',
      { actions: [{ name: 'again', type: 'restart', requiresApproval: true }] },
      {},
      /action again of the policy/,
    ],
    ['the action itself', {}, { approvalRequired: true }, /the action itself/],
  ];
  test.each(demands)('needs a person because of %s', async (_what, policy, action, why) => {
    world.policy(policy);
    const { approval } = await accepted(world, world.action(action));
    expect(approval).toMatchObject({ required: true, why: expect.stringMatching(why) });
  });

  test('needs a person when the plan itself is doubtful, and none when the policy remembers the revision', async () => {
    world.policy();
    world.deploy('frail', { image: 'broken:1' });
    world.rollOut('frail', 'broken:2');
    const undo: Partial<HealingActionSpec> = {
      targetResource: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'frail' },
      action: { name: 'back', type: 'undo' },
    };
    const doubtful = await accepted(world, world.action(undo, 'doubtful'));
    expect(doubtful.approval).toMatchObject({ required: true, why: expect.stringContaining('revision 1') });

    world.seenGood = world.api.list('ReplicaSet', 'shop', { app: 'frail' }).map(({ metadata }) => metadata.uid);
    const remembered = await accepted(world, world.action(undo, 'remembered'));
    expect(remembered.approval.required).toBe(false);
  });
});

describe('an action that its policy does not cover is refused with a reason', () => {
  const cases: [string, Partial<HealingActionSpec>, Partial<HealingPolicySpec>, RegExp][] = [
    ['no policy', { policyRef: { name: 'nobody', namespace: 'shop' } }, {}, /there is no HealingPolicy shop\/nobody/],
    [
      'a policy elsewhere',
      { policyRef: { name: 'policy', namespace: 'other' } },
      {},
      /only policies in the action's own/,
    ],
    [
      'a policy that was replaced',
      { policyRef: { name: 'policy', namespace: 'shop', uid: 'old' } },
      {},
      /PolicyDeleted: .*replaced/,
    ],
    [
      'a policy that is gone',
      { policyRef: { name: 'nobody', namespace: 'shop', uid: 'old' } },
      {},
      /PolicyDeleted: .*no longer exists/,
    ],
    ['mode monitor', {}, { mode: 'monitor' }, /mode monitor/],
    [
      'a target elsewhere',
      { targetResource: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'cart', namespace: 'other' } },
      {},
      /only targets in shop/,
    ],
    ['no such template', { action: { name: 'other', type: 'restart' } }, {}, /has no action other like this one/],
    [
      'another template',
      { action: { name: 'again', type: 'restart', restartAction: { gracePeriodSeconds: 0 } } },
      {},
      /says something else now/,
    ],
    [
      'a nameless template that is not there',
      { action: { type: 'restart', restartAction: { gracePeriodSeconds: 0 } } },
      {},
      /has no action of type restart like this one/,
    ],
    [
      'a program that is not there',
      { action: { name: 'job', type: 'custom', customAction: { podTemplateName: 'fix' } } },
      { actions: [{ name: 'job', type: 'custom', customAction: { podTemplateName: 'fix' } }] },
      /no PodTemplate fix/,
    ],
    [
      'a kind that the action does not know',
      { targetResource: { apiVersion: 'v1', kind: 'Pod', name: 'x' }, action: { name: 'back', type: 'undo' } },
      {},
      /undo does not apply to v1 Pod/,
    ],
    [
      'a target that the policy does not select',
      {},
      { selector: { resources: [{ apiVersion: 'v1', kind: 'Pod' }] } },
      /does not select Deployment cart/,
    ],
    [
      'a target that is not there',
      { targetResource: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'x' } },
      {},
      /there is no Deployment shop\/x/,
    ],
    [
      'a target of another uid',
      { targetResource: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'cart', uid: 'old' } },
      {},
      /TargetGone: .*replaced by another/,
    ],
    ['an action that comes too late', { expiresAt: '2020-01-01T00:00:00Z' }, {}, /Expired: .*before 2020/],
    [
      'no time for its proof',
      { timeout: '1s' },
      { verification: { stabilizationWindow: '2s', timeout: '5s' } },
      /could never finish/,
    ],
  ];
  test.each(cases)('%s', async (_name, action, policy, words) => {
    world.policy(policy);
    expect(await tell(world.action(action))).toMatch(words);
    expect(world.cluster.seen).toEqual([]);
  });

  test('all objections at once', async () => {
    world.policy({ selector: { resources: [{ apiVersion: 'v1', kind: 'Pod' }] } });
    world.label('Deployment', 'cart', 'kubeskippy.io/protected', 'true');
    expect(await tell(world.action())).toMatch(/does not select.*; .*kubeskippy.io\/protected/);
  });

  test('a pod whose controller cannot be looked at', async () => {
    world.policy();
    const [pod] = world.pods('cart');
    world.api.edit(at('Pod', pod?.metadata.name ?? ''), (object) => ({
      ...object,
      metadata: {
        ...object.metadata,
        ownerReferences: [{ apiVersion: 'x.org/v1', kind: 'Rollout', name: 'r', uid: 'r', controller: true }],
      },
    }));
    const action = world.action({ targetResource: { apiVersion: 'v1', kind: 'Pod', name: pod?.metadata.name ?? '' } });
    expect(await tell(action)).toMatch(/Refused: .*cannot be checked for protection/);
  });

  test('a chain of controllers that has no end', async () => {
    world.policy();
    const [pod] = world.pods('cart');
    const [set] = world.api.list('ReplicaSet', 'shop');
    world.api.onChange = () => undefined;
    world.api.edit(at('Deployment', 'cart'), (object) => ({
      ...object,
      metadata: {
        ...object.metadata,
        ownerReferences: [
          {
            apiVersion: 'apps/v1',
            kind: 'ReplicaSet',
            name: set?.metadata.name ?? '',
            uid: set?.metadata.uid ?? '',
            controller: true,
          },
        ],
      },
    }));
    const action = world.action({ targetResource: { apiVersion: 'v1', kind: 'Pod', name: pod?.metadata.name ?? '' } });
    expect(await tell(action)).toMatch(/Refused: .*more than 5 controllers/);
  });

  test('a name that means two actions of the policy', async () => {
    world.policy({ actions: [{ type: 'restart' }, { name: 'restart-1', type: 'restart', requiresApproval: false }] });
    expect(await tell(world.action({ action: { name: 'restart-1', type: 'restart' } }))).toMatch(
      /has no action restart-1/,
    );
  });

  test('an action that has ended stays as it ended', async () => {
    world.policy();
    const action = world.action();
    world.editAction(action, (object) => ({
      ...object,
      status: {
        conditions: [{ type: 'Succeeded', status: 'False', reason: 'Refused', message: '', lastTransitionTime: '' }],
      },
    }));
    expect(await tell(action)).toMatch(/already ended/);
  });

  test('an action that is being deleted, or is gone', async () => {
    world.policy();
    const action = world.action();
    world.editAction(action, (object) => ({ ...object, metadata: { ...object.metadata, finalizers: ['a/b'] } }));
    world.api.delete(at('HealingAction', 'heal'));
    expect(await tell(action)).toMatch(/^Deleted/);
    expect(await tell({ ...action, uid: 'another' })).toMatch(/^Deleted/);
  });
});

describe('an action that has begun in an earlier life', () => {
  test('goes on with the plan of then, whatever its policy says now', async () => {
    world.policy();
    const action = world.action();
    const first = await accepted(world, action);
    await tryEffect(world, action);
    world.api.delete(at('HealingPolicy', 'policy'));
    expect(await accepted(world, action)).toMatchObject({
      resumed: true,
      planDigest: first.planDigest,
      verification: first.verification,
      approval: { required: false },
    });
  });
});
