import { beforeEach, describe, expect, test } from '@jest/globals';
import { accept } from '../../../activities/accept.ts';
import { baselineOf, fromEvidence, toEvidence, viewWorkload } from '../../../activities/health-of-target.ts';
import { measure, recordVerdict } from '../../../activities/verify.ts';
import { noMetrics } from '../../../src/adapters/prometheus/prometheus.ts';
import type { HealingActionSpec } from '../../../src/api/healing-action.ts';
import type { VerificationQuery } from '../../../src/api/healing-policy.ts';
import type { ContainerStatus, Deployment, Pod } from '../../../src/api/workloads.ts';
import { findCondition } from '../../../src/domain/condition.ts';
import { targetRefOf } from '../../../src/domain/selection.ts';
import type { Baseline } from '../../../src/domain/steps.ts';
import type { ObjectRef } from '../../../src/domain/target-ref.ts';
import type { Measurement } from '../../../src/domain/verdict.ts';
import type { Reading } from '../../../src/ports/metrics.ts';
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
const look = (elapsedMs = 60_000): Promise<Measurement> =>
  measure(world.ports, action, world.the(action).status?.planDigest ?? '', { baseline, elapsedMs }, now);
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

  test('tells that nothing can come right any more, although the trigger still fires', async () => {
    await healed({ trigger: crash });
    const [pod] = world.pods('cart');
    world.api.onChange = () => undefined;
    world.api.edit(at('Deployment', 'cart'), (object) => {
      const { spec, status, metadata } = object as Deployment;
      const counts = { replicas: 0, updatedReplicas: 0, readyReplicas: 0, availableReplicas: 0 };
      return {
        ...object,
        spec: { ...spec, replicas: 0 },
        status: { ...status, ...counts, observedGeneration: (metadata.generation ?? 0) + 1 },
      };
    });
    setContainer(pod?.metadata.name ?? '', crashed);
    expect(await look()).toMatchObject({ state: 'failed', detail: expect.stringContaining('was scaled to 0') });
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
    expect(await measure(world.ports, action, 'f'.repeat(32), { baseline, elapsedMs: 0 }, now)).toMatchObject({
      state: 'unknown',
    });
    world.editAction(action, (object) => ({ ...object, metadata: { ...object.metadata, finalizers: [] } }));
    world.api.delete(at('HealingAction', 'heal'));
    expect(await measure(world.ports, action, 'f'.repeat(32), { baseline, elapsedMs: 0 }, now)).toMatchObject({
      state: 'unknown',
    });
  });
});

describe('fewer replicas than before', () => {
  const scaleTo = (replicas: number): void => {
    world.api.edit(at('Deployment', 'cart'), (object) => ({
      ...object,
      spec: { ...(object as Deployment).spec, replicas },
    }));
  };

  test('prove nothing, although all of them are well', async () => {
    await healed();
    scaleTo(1);
    expect(await look()).toMatchObject({ state: 'settling', detail: expect.stringContaining('fewer prove nothing') });
  });

  test('are what an autoscaler may want, down to its minimum', async () => {
    await healed();
    scaleTo(1);
    world.api.create({
      apiVersion: 'autoscaling/v2',
      kind: 'HorizontalPodAutoscaler',
      metadata: { name: 'cart', namespace: 'shop' },
      spec: { scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'cart' }, minReplicas: 1 },
    });
    expect(await look()).toMatchObject({ state: 'healthy' });
  });
});

describe('the measurements of the policy', () => {
  const errors: VerificationQuery = { name: 'errors', query: 'rate(errors[30s])', operator: '<', threshold: 0.1 };
  const verifiedBy = (queries: readonly VerificationQuery[]): void => {
    world.editPolicy((spec) => ({ ...spec, verification: { stabilizationWindow: '1s', timeout: '5m', queries } }));
  };

  test('have to be in order as well, and say so in the evidence', async () => {
    verifiedBy([errors]);
    world.metrics.set(errors.query, { state: 'value', value: 0.02 });
    await healed();
    expect(await look()).toMatchObject({
      state: 'healthy',
      checks: [{ check: 'errors', value: '0.02 < 0.1 is true', verdict: 'healthy' }, { check: 'neighbours' }],
    });
    expect(world.the(action).status?.evidence?.before).toContainEqual(
      expect.objectContaining({ check: 'measurements', value: 'errors: 0.02' }),
    );
  });

  test('prove nothing before they have left behind what was before the effect', async () => {
    verifiedBy([errors]);
    world.metrics.set(errors.query, { state: 'value', value: 0 });
    await healed();
    expect(await look(29_999)).toMatchObject({ state: 'settling', detail: expect.stringContaining('looks back 30s') });
    expect(await look(30_000)).toMatchObject({ state: 'healthy' });
  });

  test.each<[string, Reading, Measurement['state']]>([
    ['that do not hold', { state: 'value', value: 0.5 }, 'settling'],
    ['of which nothing is known', { state: 'unknown', why: 'the result is empty' }, 'unknown'],
    ['that became wrong', { state: 'invalid', message: 'parse error' }, 'unknown'],
  ])('%s do not let it pass', async (_name, reading, state) => {
    verifiedBy([errors]);
    await healed();
    world.metrics.set(errors.query, reading);
    expect(await look()).toMatchObject({ state });
  });

  test('have to be those of the plan', async () => {
    verifiedBy([errors]);
    world.metrics.set(errors.query, { state: 'value', value: 0 });
    await healed();
    verifiedBy([{ ...errors, threshold: 99 }]);
    expect(await look()).toMatchObject({ state: 'unknown', detail: expect.stringContaining('were changed') });
    world.api.delete(at('HealingPolicy', 'policy'));
    expect(await look()).toMatchObject({ state: 'unknown' });
  });

  test.each<[string, VerificationQuery, RegExp]>([
    ['look back too far', { ...errors, query: 'rate(errors[5m])' }, /errors" looks back 5m.* within 5m.*raise/],
    ['are fixed in time', { ...errors, query: 'errors @ 1609746000' }, /fixed to a time/],
    ['are no PromQL', { ...errors, query: 'rate(' }, /parse error/],
  ])('are refused with the plan when they %s', async (_name, query, words) => {
    verifiedBy([query]);
    world.metrics.set('rate(', { state: 'invalid', message: 'parse error' });
    const result = await accept(world.ports, world.action(), now);
    expect(result).toMatchObject({
      outcome: {
        reason: 'Refused',
        message: expect.stringMatching(new RegExp(`verification could never finish.*${words.source}`)),
      },
    });
  });

  test('are refused with the plan where there is no Prometheus', async () => {
    verifiedBy([errors]);
    const result = await accept({ ...world.ports, metrics: noMetrics }, world.action(), now);
    expect(result).toMatchObject({ outcome: { reason: 'Refused', message: expect.stringContaining('no Prometheus') } });
  });
});

describe('neighbours', () => {
  beforeEach(() => {
    world.deploy('web');
    world.deploy('sick', { image: 'broken:1' });
    world.createWorkload('StatefulSet', 'db'); // not selected
  });

  test('that were well may not be worse', async () => {
    await healed();
    expect(baseline.neighbours).toEqual({ well: ['Deployment/web'], unlisted: 0, others: 2 });
    expect(await look()).toMatchObject({
      state: 'healthy',
      checks: [{ check: 'neighbours', value: expect.stringContaining('1 of 2 others'), verdict: 'healthy' }],
    });
    world.badImages.add('web:1');
    world.api.onChange = () => undefined; // of the target nothing is to change
    world.api.edit(at('Deployment', 'web'), (object) => ({
      ...object,
      status: { ...(object as Deployment).status, availableReplicas: 1 },
    }));
    expect(await look()).toMatchObject({
      state: 'settling',
      detail: expect.stringContaining('Deployment/web (1 of 2 available)'),
    });
  });

  test('that were not well, are gone or were switched off are not held against it', async () => {
    await healed();
    expect(baseline.neighbours?.well).toEqual(['Deployment/web']);
    world.api.edit(at('Deployment', 'web'), (object) => ({
      ...object,
      spec: { ...(object as Deployment).spec, replicas: 0 },
    }));
    expect(await look()).toMatchObject({ state: 'healthy' });
    world.api.delete(at('Deployment', 'web'));
    expect(await look()).toMatchObject({ state: 'healthy' });
  });

  test('are not looked at where the policy selects no workloads, which the evidence says', async () => {
    world.editPolicy((spec) => ({ ...spec, selector: {} }));
    const [pod] = world.pods('cart');
    await healed({ targetResource: { apiVersion: 'v1', kind: 'Pod', name: pod?.metadata.name ?? '' } });
    expect(baseline.neighbours).toBeUndefined();
    expect((await look()).checks).toEqual([
      { check: 'neighbours', value: 'not looked at: the policy selects no workloads' },
    ]);
  });

  test('that are many are remembered as far as there is room, out of the first 50', async () => {
    for (let index = 0; index < 60; index++) world.deploy(`one-of-many-neighbours-${index}`, { replicas: 1 });
    await healed();
    const { well = [], unlisted, others } = baseline.neighbours ?? {};
    expect(others).toBe(49); // with the target itself, 50 were looked at
    expect(well.length).toBeGreaterThan(10);
    expect(well.length + (unlisted ?? 0)).toBe(48);
    expect(fromEvidence(world.the(action).status?.evidence?.before)).toEqual(baseline);
    expect((await look()).checks?.[0]?.value).toContain('are too many');
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
    expect(before).toMatchObject({ available: 2, desired: 2 });
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
    expect(Math.min(...Object.values(before.restarts))).toBe(10_000 + 150 - 60);
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
