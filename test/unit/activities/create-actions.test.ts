import { beforeEach, describe, expect, test } from '@jest/globals';
import { createActions } from '../../../activities/create-actions.ts';
import { findEnded } from '../../../activities/find-ended.ts';
import { readPastEffects } from '../../../activities/read-past-effects.ts';
import { recallEpisodes } from '../../../activities/recall-episodes.ts';
import { reportPolicy } from '../../../activities/report-policy.ts';
import { report } from '../../../activities/report.ts';
import { KEYS } from '../../../src/api/constants.ts';
import type { HealingAction } from '../../../src/api/healing-action.ts';
import type { HealingPolicy, HealingPolicySpec } from '../../../src/api/healing-policy.ts';
import { labelValue } from '../../../src/api/label-value.ts';
import type { Creation, Wanted } from '../../../src/domain/episode.ts';
import { reserve } from '../../../src/domain/ledger.ts';
import { targetRefOf } from '../../../src/domain/selection.ts';
import { StepError } from '../../../src/errors.ts';
import { at, MemoryWorld, NAMESPACE } from '../../support/memory-world.ts';
import { accepted, now, tryEffect } from '../../support/steps.ts';

let world: MemoryWorld;
let policy: HealingPolicy;

beforeEach(() => {
  world = new MemoryWorld();
  world.deploy('cart');
  world.deploy('shop');
  policy = world.policy();
});

const ref = () => ({ namespace: NAMESPACE, name: policy.metadata.name, uid: policy.metadata.uid });
const wanted = (deployment: string, rung = 0, over: Partial<Wanted['firing']> = {}): Wanted => {
  const [pod] = world.pods(deployment);
  const target = targetRefOf(world.deployment(deployment));
  return {
    episode: target.uid,
    rung,
    firing: {
      trigger: 'crash',
      subject: pod === undefined ? target : targetRefOf(pod),
      candidates: [...(pod === undefined ? [] : [targetRefOf(pod)]), target],
      since: '2026-01-01T00:00:00Z',
      evidence: 'container app terminated 3 times',
      ...over,
    },
  };
};
const create = async (list: readonly Wanted[], { running = 0, nonce = 'n' } = {}): Promise<readonly Creation[]> => {
  const { generation = 0 } = world.api.get(at('HealingPolicy', policy.metadata.name)).metadata;
  const made = await createActions(world.ports, ref(), { generation, running, wanted: list }, nonce, now);
  if (made === 'policy-gone') throw new Error(made);
  return made;
};
const actions = (): HealingAction[] => world.api.list('HealingAction', NAMESPACE) as HealingAction[];
const status = () => (world.api.get(at('HealingPolicy', policy.metadata.name)) as HealingPolicy).status;
const edit = (spec: Partial<HealingPolicySpec>): void => {
  world.editPolicy((old) => ({ ...old, ...spec }), policy.metadata.name);
};

describe('an action that a policy makes', () => {
  test('says everything about why it is there, and is what its policy grants', async () => {
    const [creation] = await create([wanted('cart')]);
    const [action] = actions();
    expect(creation).toMatchObject({ result: 'created', uid: action?.metadata.uid, cooldownMs: 300_000 });
    expect(action?.metadata).toMatchObject({
      labels: {
        [KEYS.managedBy]: 'kubeskippy',
        [KEYS.policyName]: 'policy',
        [KEYS.actionName]: 'again',
        [KEYS.actionType]: 'restart',
        [KEYS.triggerType]: 'crash',
      },
      annotations: { [KEYS.episode]: wanted('cart').episode },
    });
    expect(action?.spec).toMatchObject({
      policyRef: ref(),
      targetResource: { kind: 'Pod', uid: world.pods('cart')[0]?.metadata.uid },
      policyGeneration: 1,
      expiresAt: expect.any(String),
      trigger: { name: 'crash', condition: { type: 'CrashLoopBackOff' }, evidence: 'container app terminated 3 times' },
    });
    await accepted(world, { namespace: NAMESPACE, name: action?.metadata.name ?? '', uid: action?.metadata.uid ?? '' });
  });

  test('is made once, however often the step is tried', async () => {
    await create([wanted('cart')]);
    const [again] = await create([wanted('cart')]);
    expect(actions()).toHaveLength(1);
    expect(again).toMatchObject({ result: 'created', uid: actions()[0]?.metadata.uid });
  });

  test('is another one the next time', async () => {
    await create([wanted('cart')], { nonce: 'one' });
    await create([wanted('cart')], { nonce: 'two' });
    expect(actions()).toHaveLength(2);
  });

  test('asks for approval, or for a rehearsal, as the policy says', async () => {
    edit({ mode: 'manual' });
    await create([wanted('cart')]);
    edit({ mode: 'dryrun' });
    await create([wanted('shop')]);
    expect(actions().map(({ spec }) => [spec.approvalRequired, spec.dryRun])).toEqual([
      [true, undefined],
      [undefined, true],
    ]);
  });

  test('of a policy whose names are as long as names can be', async () => {
    const name = `${'p'.repeat(62)}.${'q'.repeat(62)}.${'r'.repeat(62)}.${'s'.repeat(62)}`;
    const trigger = `T${'t'.repeat(61)}_`.slice(0, 62) + 'x';
    policy = world.policy(
      {
        triggers: [{ name: trigger, type: 'condition', conditionTrigger: { type: 'CrashLoopBackOff' } }],
        actions: [{ name: `${'a'.repeat(31)}.${'b'.repeat(31)}`, type: 'restart' }],
      },
      name,
    );
    const [creation] = await create([wanted('cart', 0, { trigger, evidence: 'e'.repeat(256) })]);
    expect(creation).toMatchObject({ result: 'created' });
    const [action] = actions();
    expect(action?.metadata.name).toMatch(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/);
    for (const value of Object.values(action?.metadata.labels ?? {}))
      expect(value).toMatch(/^[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/);
    expect(action?.metadata.labels?.[KEYS.policyName]).toBe(labelValue(name));
    expect(labelValue(name)).not.toBe(labelValue(`${name.slice(0, -1)}t`));
  });

  test('of a policy in which nothing has a name', async () => {
    policy = world.policy(
      {
        triggers: [{ type: 'condition', conditionTrigger: { type: 'CrashLoopBackOff' } }],
        actions: [{ type: 'restart' }, { type: 'undo' }],
      },
      'nameless',
    );
    await create([wanted('cart', 1, { trigger: 'condition-1' })]);
    expect(actions()[0]?.spec).toMatchObject({
      action: { name: 'undo-2', type: 'undo' },
      trigger: { name: 'condition-1' },
      targetResource: { kind: 'Deployment', name: 'cart' },
    });
    const { metadata } = actions()[0]!;
    world.rollOut('cart', 'broken:2');
    await accepted(world, { namespace: NAMESPACE, name: metadata.name, uid: metadata.uid });
  });
});

describe('what is not made is said', () => {
  test('when every action was tried', async () => {
    expect((await create([wanted('cart', 2)]))[0]).toMatchObject({ result: 'exhausted' });
    expect(status()?.decisions?.[0]).toMatchObject({ decision: 'Suppressed', reason: 'Exhausted' });
  });

  test('when no action applies', async () => {
    edit({ actions: [{ name: 'back', type: 'undo' }] });
    const firing = { candidates: wanted('cart').firing.candidates.slice(0, 1) };
    expect((await create([wanted('cart', 0, firing)]))[0]).toMatchObject({
      result: 'exhausted',
      why: expect.stringContaining('no action of the policy applies'),
    });
  });

  test('in mode monitor: what it would do', async () => {
    edit({ mode: 'monitor' });
    expect((await create([wanted('cart')]))[0]).toMatchObject({ result: 'held', retryAfterMs: 300_000 });
    expect(status()?.decisions?.[0]).toMatchObject({ decision: 'WouldCreate' });
  });

  test('when the limit is used up', async () => {
    edit({ safetyRules: { maxActionsPerHour: 0 } });
    expect((await create([wanted('cart')]))[0]).toMatchObject({
      result: 'held',
      why: expect.stringContaining('allows no actions'),
    });
    expect(status()?.decisions?.[0]).toMatchObject({ decision: 'Suppressed', reason: 'NoneAllowed' });
  });

  test('when the target is being healed', async () => {
    const request = {
      id: 'x',
      policy: 'shop/other',
      target: `Pod shop/${world.pods('cart')[0]?.metadata.name ?? ''}`,
      maxActionsPerHour: 1,
      leaseMs: 60_000,
    };
    world.ledger = reserve(world.ledger, request, Date.now()).state;
    const made = await create([wanted('cart'), wanted('shop')]);
    expect(made.map(({ result }) => result)).toEqual(['held', 'created']);
    expect(actions()).toHaveLength(1);
  });

  test('in a storm: no more are under way than may act in an hour', async () => {
    edit({ safetyRules: { maxActionsPerHour: 3 } });
    const made = await create([wanted('cart'), wanted('shop')], { running: 2 });
    expect(made.map(({ result }) => result)).toEqual(['created', 'held']);
    expect(actions()).toHaveLength(1);
  });

  test('when the policy was edited since', async () => {
    const stale = await createActions(
      world.ports,
      ref(),
      { generation: 99, running: 0, wanted: [wanted('cart')] },
      'n',
      now,
    );
    expect(stale).toMatchObject([{ result: 'held', why: expect.stringContaining('edited') }]);
    expect(actions()).toEqual([]);
  });

  test('when the policy is gone, or is another of the same name', async () => {
    const order = { generation: 1, running: 0, wanted: [wanted('cart')] };
    expect(await createActions(world.ports, { ...ref(), uid: 'old' }, order, 'n', now)).toBe('policy-gone');
    expect(actions()).toEqual([]);
  });

  test('when the API server refuses one of them; the others are made', async () => {
    const make = world.ports.actions.create.bind(world.ports.actions);
    let refusal = new StepError('Invalid', 'spec.targetResource.name: Invalid value');
    Object.assign(world.ports.actions, {
      create: (action: Parameters<typeof make>[0]) => {
        if (action.spec.trigger?.evidence === 'odd') throw refusal;
        return make(action);
      },
    });
    const list = [wanted('cart', 0, { evidence: 'odd' }), wanted('shop')];
    expect((await create(list)).map(({ result }) => result)).toEqual(['held', 'created']);

    refusal = new StepError('Unavailable', 'the API server is away');
    await expect(create(list)).rejects.toThrow('away'); // an outage is outlasted
  });
});

describe('what is remembered by the actions themselves', () => {
  const done = async (reason: 'NotHealed' | 'Healed', deployment = 'cart'): Promise<HealingAction> => {
    await create([wanted(deployment)], { nonce: `${reason}-${deployment}` });
    const { metadata } = actions().at(-1)!;
    const action = { namespace: NAMESPACE, name: metadata.name, uid: metadata.uid };
    await accepted(world, action);
    await tryEffect(world, action);
    await report(world.ports, action, { reason, message: 'm' }, now);
    return world.the(action);
  };

  test('the newest action of each episode, with how it ended', async () => {
    const ended = await done('NotHealed');
    await create([wanted('shop')], { nonce: 'running' });
    const running = actions().at(-1);
    const recalled = await recallEpisodes(world.ports, ref());
    expect(recalled.toSorted((a, b) => (a.name < b.name ? -1 : 1))).toEqual(
      [
        {
          episode: wanted('cart').episode,
          trigger: 'crash',
          cooldownMs: 300_000,
          uid: ended.metadata.uid,
          name: ended.metadata.name,
          ended: { reason: 'NotHealed', at: Date.parse(ended.status?.completionTime ?? '') },
        },
        {
          episode: wanted('shop').episode,
          trigger: 'crash',
          cooldownMs: 300_000,
          uid: running?.metadata.uid,
          name: running?.metadata.name,
        },
      ].toSorted((a, b) => ((a.name ?? '') < (b.name ?? '') ? -1 : 1)),
    );
    expect(await recallEpisodes(world.ports, { ...ref(), uid: 'another' })).toEqual([]);
  });

  test('which of those that were running have ended, or are gone', async () => {
    const ended = await done('Healed');
    await create([wanted('shop')], { nonce: 'running' });
    const running = actions().at(-1);
    const named = (uid = '', name = '') => ({ uid, name });
    expect(
      await findEnded(world.ports, ref(), [
        named(ended.metadata.uid, ended.metadata.name),
        named(running?.metadata.uid, running?.metadata.name),
        named('gone', 'nobody'),
      ]),
    ).toEqual([
      { uid: ended.metadata.uid, reason: 'Healed' },
      { uid: 'gone', reason: 'Deleted' },
    ]);
  });

  test('every effect of the past hours, and what unfinished actions hold', async () => {
    const ended = await done('Healed');
    const byHand = world.action({}, 'by-hand');
    await accepted(world, byHand);
    await tryEffect(world, byHand);
    const waiting = world.action({}, 'waiting');
    await accepted(world, waiting);

    expect(await readPastEffects(world.ports, now)).toEqual([
      { id: ended.metadata.uid, policy: 'shop/policy', at: Date.parse(ended.status?.completionTime ?? '') },
      {
        id: byHand.uid,
        policy: 'shop/policy',
        at: expect.any(Number),
        holds: { target: 'Deployment shop/cart', leaseMs: 25 * 60_000 },
      },
    ]);
    const later = new Date(Date.now() + 3 * 3_600_000);
    expect((await readPastEffects(world.ports, () => later)).map(({ id }) => id)).toEqual([byHand.uid]);
  });
});

describe('the status of a policy', () => {
  const summary = {
    generation: 1,
    activeTriggers: ['crash'],
    firing: 3,
    overflow: 1,
    selected: 9,
    unhealthy: 2,
    held: [],
  };

  test('shows what its workflow holds', async () => {
    expect(await reportPolicy(world.ports, ref(), summary, now)).toBe('reported');
    expect(status()).toMatchObject({
      observedGeneration: 1,
      activeTriggers: ['crash'],
      counts: { selected: 9, unhealthy: 2, firing: 3, suppressed: 1 },
    });
  });

  test('is within its bounds, whatever there is to say', async () => {
    const many = Array.from({ length: 80 }, (_, index) => `trigger-${index}`);
    const why = Array.from({ length: 10 }, (_, index) => `${index} ${'because '.repeat(300)}`);
    expect(await reportPolicy(world.ports, ref(), { ...summary, activeTriggers: many, held: why }, now)).toBe(
      'reported',
    );
  });

  test('of a policy that is gone tells that', async () => {
    expect(await reportPolicy(world.ports, { ...ref(), uid: 'old' }, summary, now)).toBe('policy-gone');
  });
});
