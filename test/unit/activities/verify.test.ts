import { beforeEach, describe, expect, test } from '@jest/globals';
import { baselineOf, fromEvidence, toEvidence, viewWorkload } from '../../../activities/health-of-target.ts';
import { measure, recordVerdict } from '../../../activities/verify.ts';
import type { HealingActionSpec } from '../../../src/api/healing-action.ts';
import type { ContainerStatus, Pod } from '../../../src/api/workloads.ts';
import { findCondition } from '../../../src/domain/condition.ts';
import { targetRefOf } from '../../../src/domain/selection.ts';
import type { Baseline } from '../../../src/domain/steps.ts';
import type { ObjectRef } from '../../../src/domain/target-ref.ts';
import type { Measurement } from '../../../src/domain/verdict.ts';
import { at, MemoryWorld } from '../../support/memory-world.ts';
import { accepted, now, tryEffect } from '../../support/steps.ts';

let world: MemoryWorld;
let action: ObjectRef;
let baseline: Baseline;

const healed = async (over: Partial<HealingActionSpec> = {}): Promise<void> => {
  action = world.action(over);
  await accepted(world, action);
  const result = await tryEffect(world, action);
  if (result.result !== 'executed') throw new Error(result.result);
  ({ baseline } = result);
};
const look = (): Promise<Measurement> =>
  measure(world.ports, action, world.the(action).status?.planDigest ?? '', baseline, now);
const setContainer = (name: string, container: Partial<ContainerStatus>): void => {
  world.api.onChange = () => undefined; // the kubelet is not to put it right
  world.api.edit(at('Pod', name), (object) => {
    const { status } = object as Pod;
    const containerStatuses = (status?.containerStatuses ?? []).map((one) => ({ ...one, ...container }));
    return { ...object, status: { ...status, containerStatuses } };
  });
};
const crash = { name: 'crash', type: 'condition', condition: { type: 'CrashLoopBackOff' } } as const;
const crashed: Partial<ContainerStatus> = {
  restartCount: 3,
  state: { waiting: { reason: 'CrashLoopBackOff' } },
  lastState: { terminated: { exitCode: 1, reason: 'Error', finishedAt: '2026-01-01T00:00:00Z' } },
};

beforeEach(() => {
  world = new MemoryWorld();
  world.deploy('cart');
  world.policy();
});

describe('a look after the effect', () => {
  test('finds a workload well that is rolled out and whose pods are well', async () => {
    await healed();
    expect(await look()).toMatchObject({ state: 'healthy' });
  });

  test('does not take what its controller has not looked at yet for proof', async () => {
    world.api.onChange = () => undefined; // the controller sleeps
    await healed();
    expect(await look()).toMatchObject({
      state: 'settling',
      detail: expect.stringContaining('has not seen generation'),
    });
  });

  test('finds the trigger that fired still true on a new pod', async () => {
    await healed({ trigger: crash });
    setContainer(world.pods('cart')[0]?.metadata.name ?? '', { ...crashed, state: { running: {} } });
    expect(await look()).toMatchObject({ state: 'settling', detail: expect.stringContaining('still firing') });
  });

  test('looks at the workload of a pod that was evicted, and not at the pod', async () => {
    const name = world.pods('cart')[0]?.metadata.name ?? '';
    setContainer(name, crashed);
    await healed({ targetResource: { apiVersion: 'v1', kind: 'Pod', name }, trigger: crash });
    expect(await look()).toMatchObject({ state: 'settling' }); // one of two: nothing has replaced it yet
  });

  test('of a target that is gone says that nothing is known', async () => {
    await healed();
    world.api.delete(at('Deployment', 'cart'));
    expect(await look()).toMatchObject({ state: 'unknown' });
  });

  test('does not take another of the same name for the target, which would be a success that was not there', async () => {
    await healed();
    world.api.delete(at('Deployment', 'cart'));
    world.deploy('cart');
    expect(await look()).toMatchObject({ state: 'unknown' });
  });

  test('does not take another workload of the same name for the one of the pod', async () => {
    const [pod] = world.pods('cart');
    await healed({ targetResource: { apiVersion: 'v1', kind: 'Pod', name: pod?.metadata.name ?? '' } });
    expect(await look()).toMatchObject({ state: 'healthy' });
    world.api.delete(at('Deployment', 'cart'));
    world.deploy('cart');
    expect(await look()).toMatchObject({ state: 'unknown' });
  });

  test('without the record of the action, or for another plan, says that nothing is known', async () => {
    await healed();
    expect(await measure(world.ports, action, 'f'.repeat(32), baseline, now)).toMatchObject({ state: 'unknown' });
    world.editAction(action, (object) => ({ ...object, metadata: { ...object.metadata, finalizers: [] } }));
    world.api.delete(at('HealingAction', 'heal'));
    expect(await measure(world.ports, action, 'f'.repeat(32), baseline, now)).toMatchObject({ state: 'unknown' });
  });
});

describe('a verdict', () => {
  test.each([
    ['not-healed', 'NotHealed', 'failed'],
    ['unproven', 'Unproven', 'unknown'],
  ] as const)('of %s is written down with what it rests on', async (verdict, reason, evidence) => {
    await healed();
    await recordVerdict(world.ports, action, { verdict, detail: 'pod x is not Ready' }, now);
    const { status } = world.the(action);
    expect(findCondition(status?.conditions, 'Verified')).toMatchObject({ status: 'False', reason });
    expect(status?.evidence?.after).toMatchObject([{ verdict: evidence, value: 'pod x is not Ready' }]);
    expect(world.events.at(-1)).toMatchObject({ type: 'Warning' });
  });
});

describe('the baseline', () => {
  const view = (name = 'cart') => viewWorkload(world.cluster, targetRefOf(world.deployment(name)));

  test('is what the workload was like, and reads back from the status as it was written', async () => {
    for (const [index, pod] of world.pods('cart').entries())
      setContainer(pod.metadata.name, { restartCount: index * 7 });
    const before = baselineOf(await view());
    expect(before).toMatchObject({ available: 2 });
    expect(Object.values(before.restarts)).toEqual([7]);
    expect(fromEvidence(toEvidence(before, 'Deployment shop/cart', 't'))).toEqual(before);
  });

  test('of many pods fits into the status, those with most restarts first', async () => {
    world.deploy('big', { replicas: 150 });
    for (const [index, pod] of world.pods('big').entries())
      setContainer(pod.metadata.name, { restartCount: 10_000 + index });
    const before = baselineOf(await view('big'));
    const items = toEvidence(before, 'Deployment shop/big', 't');
    expect(items.length).toBeLessThanOrEqual(10);
    expect(Math.max(...items.map(({ value }) => value.length))).toBeLessThanOrEqual(256);
    expect(fromEvidence(items)).toEqual(before);
    expect(Math.min(...Object.values(before.restarts))).toBe(10_000 + 150 - 96);
  });

  test('of nothing is nothing', async () => {
    expect(baselineOf(await viewWorkload(world.cluster, { ...at('Deployment', 'nobody'), uid: 'x' }))).toEqual({
      generation: 0,
      available: 0,
      restarts: {},
    });
    expect(fromEvidence(undefined)).toEqual({ generation: 0, available: 0, restarts: {} });
  });

  test('counts the pods of the workload only, not those that share its labels', async () => {
    world.api.create({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'stranger', namespace: 'shop', labels: { app: 'cart' } },
      spec: { containers: [] },
    });
    expect((await view())?.pods).toHaveLength(2);
  });
});
