import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { KubeClient } from '../../src/adapters/kubernetes/kube-client.ts';
import { resources } from '../../src/adapters/kubernetes/resource.ts';
import { TemporalConnection } from '../../src/adapters/temporal/connection.ts';
import type { HealingAction, HealingActionSpec } from '../../src/api/healing-action.ts';
import { actionWorkflowId } from '../../src/api/temporal-names.ts';
import { findCondition } from '../../src/domain/condition.ts';
import type { Identity } from '../../src/local/servers/identities.ts';
import { startStack, type Stack } from '../../src/local/stack.ts';
import { detailsOf } from '../support/current-details.ts';
import { eventually } from '../support/eventually.ts';
import { Shop } from '../support/shop.ts';

let stack: Stack;
let shop: Shop;
let temporal: TemporalConnection;
/** Alice asks, bob decides; both may write HealingActions. */
beforeAll(async () => {
  stack = await startStack({ kubelet: { crashBackoffBase: '1s' } });
  temporal = new TemporalConnection(stack.env.temporal);
  shop = await Shop.open(stack, 'approval');
  const restart = { actions: [{ name: 'again', type: 'restart' as const }] };
  const verification = { stabilizationWindow: '0s', timeout: '60s' };
  await shop.policy('asks', { ...restart, verification, mode: 'manual' });
  await shop.policy('four-eyes', { ...restart, verification, mode: 'manual', approval: { fourEyes: true } });
  await shop.policy('proof', { ...restart, verification, mode: 'manual', approval: { requireIdentity: true } });
  await shop.policy('brief', { ...restart, verification, mode: 'manual', approval: { timeout: '3s' } });
  // Holds its target for as long as it looks at it.
  await shop.policy('slow', {
    ...restart,
    verification: { ...verification, stabilizationWindow: '12s' },
    mode: 'automatic',
  });
  for (const user of ['alice', 'bob']) await shop.bind('kubeskippy-local:tenant', user);
  await shop.bind('kubeskippy-approver', 'bob');
}, 120_000);
afterAll(async () => {
  await temporal.close();
  await stack.stop();
});

const under = (policy: string): Pick<HealingActionSpec, 'policyRef'> => ({
  policyRef: { name: policy, namespace: shop.namespace },
});
/** An action of a new Deployment of its own that waits for a person. */
const waiting = async (name: string, policy: string, by: Identity = 'alice'): Promise<HealingAction> => {
  await shop.deployAndRestart(name, under(policy), by);
  return shop.reaches(name, 'WaitingForApproval');
};
const decide = (
  who: Identity,
  { metadata, status }: HealingAction,
  over: Partial<HealingActionSpec['approval']> = {},
): Promise<HealingAction> =>
  KubeClient.load({ kubeconfig: stack.env.kubeconfig(who) }).patch<HealingAction>(
    resources.healingActions,
    { namespace: shop.namespace, name: metadata.name },
    'merge',
    { spec: { approval: { decision: 'Approved', planDigest: status?.planDigest ?? '', ...over } } },
  );

const handleOf = ({ metadata }: HealingAction) => temporal.client.workflow.getHandle(actionWorkflowId(metadata.uid));
/** As anybody sends it who reaches Temporal. */
const signal = (action: HealingAction, name: string, message: object) => handleOf(action).signal(name, message);

describe('the effect comes with an approval that is good, and not before', () => {
  test('of somebody who may, after all the forged ones', async () => {
    const action = await waiting('cart', 'asks');
    await expect(decide('alice', action)).rejects.toThrow(/may not decide/);
    await expect(decide('alice', action, { by: 'bob' })).rejects.toThrow(/may not decide/);
    await expect(decide('bob', action, { by: 'alice' })).rejects.toThrow(/authenticated user bob/);
    await expect(decide('bob', action, { planDigest: 'f'.repeat(32) })).rejects.toThrow(/planDigest must be equal/);
    expect(shop.effectsOf(action)).toHaveLength(0);

    await decide('bob', action, { comment: 'go' });
    const { status, spec } = await shop.ended('cart');
    expect(status).toMatchObject({
      reason: 'Healed',
      approval: { approved: true, approvedBy: 'bob', method: 'kubernetes', verified: true, reason: 'go' },
    });
    expect(spec.requestedBy?.username).toBe('alice');
    expect(shop.effectsOf(action)).toHaveLength(1);
  });

  test('of somebody else than who asked, where four eyes are demanded', async () => {
    const action = await waiting('mail', 'four-eyes', 'bob');
    expect(findCondition(action.status?.conditions, 'Approved')?.message).toContain('by somebody else than bob');
    await expect(decide('bob', action)).rejects.toThrow(/four eyes/);
    await signal(action, 'approve', { by: 'the pope' });
    await eventually(async () => {
      expect(await detailsOf(handleOf(action))).toContain('a signal "Approved": it proves nobody');
    }, 20_000);
    expect(shop.effectsOf(action)).toHaveLength(0);

    await decide('admin', action);
    expect((await shop.ended('mail')).status).toMatchObject({
      reason: 'Healed',
      approval: { approvedBy: 'admin', verified: true },
    });
    expect(shop.effectsOf(action)).toHaveLength(1);
  });

  test('by a bare signal only where that counts, and it is shown as unverified', async () => {
    const strict = await waiting('tea', 'proof');
    await signal(strict, 'approve', { by: 'the pope' });
    await eventually(async () => {
      expect(await detailsOf(handleOf(strict))).toContain('**Ignored** a signal "Approved"');
    }, 20_000);
    await decide('bob', strict, { decision: 'Rejected' });
    expect((await shop.ended('tea')).status).toMatchObject({ phase: 'Cancelled', reason: 'Rejected' });
    expect(shop.effectsOf(strict)).toHaveLength(0);

    const easy = await waiting('milk', 'asks');
    await signal(easy, 'approve', { by: 'the pope' });
    const { status } = await shop.ended('milk');
    expect(status).toMatchObject({
      reason: 'Healed',
      approval: { approvedBy: 'the pope', method: 'signal', verified: false },
    });
    expect(findCondition(status?.conditions, 'Approved')?.message).toContain('not verified');
    expect(shop.effectsOf(easy)).toHaveLength(1);
  });
});

describe('an approval is waited for', () => {
  test('until its time is over, which the status shows', async () => {
    const action = await waiting('late', 'brief');
    const { expiresAt = '' } = action.status?.approval ?? {};
    expect(Date.parse(expiresAt) - Date.now()).toBeLessThan(3_000);
    const { status } = await shop.ended('late');
    expect(status).toMatchObject({ phase: 'Cancelled', reason: 'Expired' });
    expect(Date.now()).toBeGreaterThanOrEqual(Date.parse(expiresAt));
    await decide('bob', action).catch(() => undefined); // whatever is written now
    expect(shop.effectsOf(action)).toHaveLength(0);
  });

  test('across the death of worker, controller and Temporal', async () => {
    const action = await waiting('patient', 'four-eyes');
    const { supervisor } = stack.env;
    for (const name of ['worker', 'controller', 'temporal']) supervisor.kill(name, 'SIGKILL');
    await decide('bob', action); // while nobody listens
    expect((await shop.ended('patient')).status).toMatchObject({
      reason: 'Healed',
      planDigest: action.status?.planDigest,
      approval: { approvedBy: 'bob', verified: true, expiresAt: action.status?.approval?.expiresAt },
    });
    expect(shop.effectsOf(action)).toHaveLength(1);
  });
});

describe('between approval and effect', () => {
  /** Another healing holds the target for a while; its restart makes plans from before other ones. */
  const hold = async (target: string): Promise<void> => {
    const name = `${target}-holder`;
    const targetResource = { apiVersion: 'apps/v1', kind: 'Deployment', name: target };
    await shop.restart(name, { ...under('slow'), targetResource }, 'admin');
    await shop.reaches(name, 'Verifying');
  };

  test('a change of the target makes another plan, about which the old approval says nothing', async () => {
    const action = await waiting('drift', 'asks');
    await hold('drift');
    await decide('bob', action);
    const again = await eventually(
      async () => {
        const { status, ...rest } = await shop.readAction('drift');
        expect(status?.planDigest).not.toBe(action.status?.planDigest);
        expect(findCondition(status?.conditions, 'Approved')?.reason).toBe('WaitingForApproval');
        return { ...rest, status: status ?? {} };
      },
      60_000,
      50,
    );
    expect(shop.effectsOf(action)).toHaveLength(0);
    expect(again.status.approval).toMatchObject({ approved: false, planDigest: again.status.planDigest });
    await expect(decide('alice', again, { by: 'bob' })).rejects.toThrow(/may not decide/);
    await decide('bob', again, { planDigest: action.status?.planDigest ?? '' }); // what stands there already
    expect((await shop.readAction('drift')).status).toMatchObject({ reason: 'WaitingForApproval' });
    expect(shop.effectsOf(action)).toHaveLength(0);

    await decide('admin', again);
    const { status, spec } = await shop.ended('drift');
    expect(status).toMatchObject({
      reason: 'Healed',
      approval: { approvedBy: 'admin', planDigest: again.status.planDigest },
    });
    expect(spec.approval?.by).toBe('admin');
    expect(shop.effectsOf(action)).toHaveLength(1);
  });

  test('who approved may lose the right to, and nothing is done', async () => {
    await shop.bind('kubeskippy-local:tenant', 'carol');
    const unbind = await shop.bind('kubeskippy-approver', 'carol');
    await shop.deploy('lost');
    await hold('lost');
    await shop.restart('lost', under('asks'), 'alice');
    const action = await shop.reaches('lost', 'WaitingForApproval');
    const patch = `{"spec":{"approval":{"decision":"Approved","planDigest":"${action.status?.planDigest ?? ''}"}}}`;
    await shop.kubectl(['--as=carol', 'patch', 'ha', 'lost', '--type=merge', '-p', patch]);
    await shop.reaches('lost', 'TargetLocked');
    await unbind();
    const { status } = await shop.ended('lost');
    expect(status).toMatchObject({
      phase: 'Failed',
      reason: 'Refused',
      approval: { approvedBy: 'carol', verified: true },
    });
    expect(status?.result?.message).toContain('carol may no longer decide');
    expect(shop.effectsOf(action)).toHaveLength(0);
  });
});
