import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createPolicyMailbox } from '../../../src/adapters/temporal/policy-mailbox.ts';
import { TemporalPolicyObserver } from '../../../src/adapters/temporal/policy-observer.ts';
import { KEYS } from '../../../src/api/constants.ts';
import { MESSAGES, policyWorkflowId } from '../../../src/api/temporal-names.ts';
import type { HealingAction } from '../../../src/api/healing-action.ts';
import type { HealingPolicy } from '../../../src/api/healing-policy.ts';
import type { Firing, Observation } from '../../../src/domain/firing.ts';
import type { OutcomeReason } from '../../../src/domain/outcome.ts';
import { targetRefOf } from '../../../src/domain/selection.ts';
import { eventually } from '../../support/eventually.ts';
import { benchForTests, type HealingLane } from '../../support/healing-bench.ts';
import { at, MemoryWorld, NAMESPACE } from '../../support/memory-world.ts';

const bench = benchForTests();
let lane: HealingLane;
let world: MemoryWorld;
let policy: HealingPolicy;
let policies = 0;

beforeEach(async () => {
  world = new MemoryWorld();
  policies += 1;
  policy = world.policy(
    {
      triggers: [
        { name: 'crash', type: 'condition', conditionTrigger: { type: 'CrashLoopBackOff' }, cooldownPeriod: '1s' },
      ],
    },
    `policy-${policies}`,
  );
  lane = await bench.open(world);
});
afterEach(async () => {
  await handle()
    .terminate('the test is over')
    .catch(() => undefined);
});

const refOfPolicy = () => ({ namespace: NAMESPACE, name: policy.metadata.name, uid: policy.metadata.uid });
/** The uid is the world's, which begins anew with each test: the workflow must be another one all the same. */
const handle = () => bench.client.workflow.getHandle(policyWorkflowId(policy.metadata.uid));

const firing = (deployment: string): Firing => {
  const [pod] = world.pods(deployment);
  const target = targetRefOf(world.deployment(deployment));
  return {
    trigger: 'crash',
    subject: pod === undefined ? target : targetRefOf(pod),
    candidates: [target],
    since: '2026-01-01T00:00:00Z',
    evidence: 'it crashed',
  };
};
const observe = (list: readonly Firing[], over: Partial<Observation> = {}) =>
  new TemporalPolicyObserver({ client: bench.client, taskQueue: lane.taskQueue }).observe({
    policy: refOfPolicy(),
    policyGeneration: world.api.find(at('HealingPolicy', policy.metadata.name))?.metadata.generation ?? 0,
    firing: list,
    overflow: 0,
    selected: 10,
    unhealthy: list.length,
    good: [],
    ...over,
  });
const actions = (): HealingAction[] => world.api.list('HealingAction', NAMESPACE) as HealingAction[];
const created = async (count: number): Promise<void> => {
  await eventually(() => {
    expect(actions()).toHaveLength(count);
  }, 10_000);
};
/** Says of the newest action that it has ended, as `report` does. */
const end = async (reason: OutcomeReason, action = actions().at(-1)): Promise<void> => {
  const mailbox = createPolicyMailbox(bench.client);
  await mailbox.actionEnded(policy.metadata.uid, { uid: action?.metadata.uid ?? '', reason });
};
const status = () => (world.api.get(at('HealingPolicy', policy.metadata.name)) as HealingPolicy).status;

describe('a policy', () => {
  beforeEach(() => {
    world.deploy('cart');
    world.deploy('shop');
  });

  test('has an action made for what fires, once', async () => {
    await observe([firing('cart')]);
    await observe([firing('cart')]);
    await created(1);
    await eventually(() => {
      expect(status()).toMatchObject({ actionsTaken: 1, activeTriggers: ['crash'], counts: { firing: 1 } });
    });
    expect(actions()[0]).toMatchObject({
      spec: {
        policyRef: { uid: policy.metadata.uid },
        targetResource: { kind: 'Deployment', name: 'cart', uid: world.deployment('cart').metadata.uid },
        action: { name: 'again', type: 'restart' },
        trigger: { name: 'crash', evidence: 'it crashed' },
      },
    });
    expect(actions()).toHaveLength(1);
  });

  test('goes on to its next action when one has not helped, after the cooldown', async () => {
    await observe([firing('cart')]);
    await created(1);
    const before = Date.now();
    await end('NotHealed');
    await created(2);
    expect(Date.now() - before).toBeGreaterThanOrEqual(900);
    expect(actions().map(({ spec }) => spec.action.name)).toEqual(['again', 'back']);
    await end('NotHealed');
    await eventually(() => {
      expect(status()?.decisions?.[0]).toMatchObject({ decision: 'Suppressed', reason: 'Exhausted' });
    }, 10_000);
    expect(actions()).toHaveLength(2);
  });

  test('tells everybody who asks at once what it has seen to be good', async () => {
    await observe([], { good: ['first', 'second'] });
    const mailbox = createPolicyMailbox(bench.client);
    const answers = await Promise.allSettled(Array.from({ length: 300 }, () => mailbox.seenGood(policy.metadata.uid)));
    expect(new Set(answers.map((answer) => JSON.stringify(answer)))).toEqual(
      new Set([JSON.stringify({ status: 'fulfilled', value: ['first', 'second'] })]),
    );
  });

  test('does not ask again after somebody has said no', async () => {
    world.editPolicy(
      (spec) => ({ ...spec, triggers: spec.triggers.map((trigger) => ({ ...trigger, cooldownPeriod: '0s' })) }),
      policy.metadata.name,
    );
    await observe([firing('cart')]);
    await created(1);
    await end('Rejected');
    await observe([firing('cart'), firing('shop')]);
    await created(2);
    expect(actions()[1]?.spec.targetResource.name).toBe('shop');
  });

  test('makes no more actions at a time than it permits in an hour', async () => {
    world.editPolicy((spec) => ({ ...spec, safetyRules: { maxActionsPerHour: 1 } }), policy.metadata.name);
    await observe([firing('cart'), firing('shop')]);
    await created(1);
    await eventually(() => {
      expect(status()?.decisions).toContainEqual(
        expect.objectContaining({ decision: 'Suppressed', reason: 'RateLimited' }),
      );
    });
    expect(actions()).toHaveLength(1);
  });

  test('says in mode monitor what it would do, and does nothing', async () => {
    world.editPolicy((spec) => ({ ...spec, mode: 'monitor' }), policy.metadata.name);
    await observe([firing('cart')]);
    await eventually(() => {
      expect(status()?.decisions?.[0]).toMatchObject({ decision: 'WouldCreate', reason: 'MonitorMode' });
    });
    expect(actions()).toEqual([]);
  });

  test('keeps an observation that comes while it still reads what was done before', async () => {
    const list = world.ports.actions.list.bind(world.ports.actions);
    const gate = Promise.withResolvers<undefined>();
    Object.assign(world.ports.actions, {
      list: async (...args: Parameters<typeof list>) => {
        await gate.promise;
        return list(...args);
      },
    });
    await lane.close();
    lane = await bench.open(world);
    await observe([]);
    await observe([firing('cart')]);
    gate.resolve(undefined);
    await created(1);
  });

  test('hears of an action that ends before it is known to exist', async () => {
    const update = world.ports.policies.update.bind(world.ports.policies);
    let told = false;
    Object.assign(world.ports.policies, {
      update: async (...args: Parameters<typeof update>) => {
        if (!told && actions().length > 0) {
          told = true;
          await end('Refused');
        }
        return update(...args);
      },
    });
    await lane.close();
    lane = await bench.open(world);
    await observe([firing('cart')]);
    await created(2); // the next one, without waiting for the recheck
    expect(told).toBe(true);
  });

  test('hears of a retry that starts before the action that is tried again is known to exist', async () => {
    const update = world.ports.policies.update.bind(world.ports.policies);
    let retry: ReturnType<MemoryWorld['action']> | undefined;
    Object.assign(world.ports.policies, {
      update: async (...args: Parameters<typeof update>) => {
        const [first] = actions();
        if (retry === undefined && first !== undefined) {
          retry = world.action({ retryOf: { name: first.metadata.name } }, 'retry');
          await end('NotHealed', first);
          const episode = first.metadata.annotations?.[KEYS.episode] ?? '';
          const started = { ...retry, episode, trigger: 'crash', cooldownMs: 0 };
          await createPolicyMailbox(bench.client).retryStarted(policy.metadata.uid, started);
        }
        return update(...args);
      },
    });
    await lane.close();
    lane = await bench.open(world);
    await observe([firing('cart')]);
    await created(2);
    const cooledDown = Date.now() + 1_500;
    await eventually(() => {
      expect(Date.now()).toBeGreaterThan(cooledDown);
    });
    await observe([firing('cart'), firing('shop')]); // what is due is created in one go
    await created(3);
    expect(actions().at(-1)?.spec.targetResource.name).toBe('shop');
  });

  test('outlives an action that the API server refuses, and tries again', async () => {
    const create = world.ports.actions.create.bind(world.ports.actions);
    let refused = 0;
    Object.assign(world.ports.actions, {
      create: (...args: Parameters<typeof create>) => {
        if (args[0].spec.targetResource.name !== 'cart') return create(...args);
        refused += 1;
        return create({ ...args[0], name: 'NOT A NAME', spec: { ...args[0].spec, timeout: 'soon' } });
      },
    });
    await lane.close();
    lane = await bench.open(world);
    await observe([firing('cart'), firing('shop')]);
    await created(1);
    expect(refused).toBe(1);
    expect((await handle().describe()).status.name).toBe('RUNNING');
  });

  test('keeps what it knows over a run that begins anew', async () => {
    await observe([firing('cart')]);
    await created(1);
    const before = (await handle().describe()).runId;
    await handle().signal(MESSAGES.upgrade);
    await eventually(async () => {
      expect((await handle().describe()).runId).not.toBe(before);
    }, 10_000);
    await observe([firing('cart')]);
    await end('NotHealed');
    await created(2);
    expect(actions().at(-1)?.spec.action.name).toBe('back');
  });

  test('takes over the actions of an earlier life', async () => {
    await observe([firing('cart')]);
    await created(1);
    await handle().terminate('Temporal has lost its memory');
    await observe([firing('cart'), firing('shop')]);
    await created(2);
    expect(actions()[1]?.spec.targetResource.name).toBe('shop');
    await end('NotHealed', actions()[0]);
    await created(3);
    expect(actions()[2]?.spec.targetResource.name).toBe('cart');
  });

  test('waits for a retry that somebody ordered before it goes on', async () => {
    const mailbox = createPolicyMailbox(bench.client);
    await observe([firing('cart')]);
    await created(1);
    const [first] = actions();
    const episode = first?.metadata.annotations?.[KEYS.episode] ?? '';
    await end('NotHealed', first);
    const cooledDown = Date.now() + 1_500;
    const retry = world.action({ retryOf: { name: first?.metadata.name ?? '' } }, 'retry');
    await mailbox.retryStarted(policy.metadata.uid, { ...retry, episode, trigger: 'crash', cooldownMs: 0 });
    await eventually(() => {
      expect(Date.now()).toBeGreaterThan(cooledDown);
    });
    await observe([firing('cart'), firing('shop')]); // what is due is created in one go
    await created(3);
    expect(actions().at(-1)?.spec.targetResource.name).toBe('shop');
    await mailbox.actionEnded(policy.metadata.uid, { uid: retry.uid, reason: 'NotHealed' });
    await created(4);
    expect(actions().at(-1)?.spec).toMatchObject({ targetResource: { name: 'cart' }, action: { name: 'back' } });
  });

  test('ends when it is deleted, also when nobody tells it', async () => {
    await observe([firing('cart')]);
    await created(1);
    world.api.delete(at('HealingPolicy', policy.metadata.name));
    await observe([], { selected: 3 });
    await handle().result();
    expect((await handle().describe()).status.name).toBe('COMPLETED');
  });
});
