import { describe, expect, test } from '@jest/globals';
import type { Effect } from '../../../src/actions/define-action.ts';
import { scale } from '../../../src/actions/scale.ts';
import type { ScaleAction } from '../../../src/api/healing-action.ts';
import type { KubeObject, ManagedFields } from '../../../src/api/meta.ts';
import type { Deployment, HorizontalPodAutoscaler, StatefulSet } from '../../../src/api/workloads.ts';
import { object } from '../../support/objects.ts';
import { forAction } from '../../support/objects.ts';

const template = { spec: { containers: [{ name: 'app' }] } };
const selector = { matchLabels: { app: 'cart' } };
const deployment = (replicas: number | undefined, managedFields?: readonly ManagedFields[]): Deployment => ({
  ...object('Deployment', 'cart', managedFields === undefined ? {} : { managedFields }),
  spec: { selector, template, ...(replicas === undefined ? {} : { replicas }) },
});
const autoscaler = (name: string, kind = 'Deployment', apiVersion = 'apps/v1'): HorizontalPodAutoscaler => ({
  ...object('HorizontalPodAutoscaler', `hpa-of-${name}`),
  spec: { scaleTargetRef: { apiVersion, kind, name }, minReplicas: 1, maxReplicas: 5 },
});
const plan = (target: Deployment | StatefulSet, scaleAction: ScaleAction, related: readonly KubeObject[] = []) =>
  scale.plan({
    target,
    related,
    template: { type: 'scale', scaleAction },
    stamp: '',
    seenGood: [],
    failed: [],
    ...forAction,
  });
const marker = { key: 'kubeskippy.io/applied-u', value: 'execute-1' };
const parameters = { fromReplicas: '2', toReplicas: '4' };
const changing = (effect: Effect | undefined) => {
  if (effect?.result !== 'effect' || effect.write.type !== 'patch') throw new Error(JSON.stringify(effect));
  return effect.write.operations.filter(({ op }) => op !== 'test');
};

describe('the number', () => {
  test.each<[string, number | undefined, ScaleAction, string]>([
    ['a step up', 2, { direction: 'up', replicas: 3 }, '5'],
    ['a step up that is cut short', 9, { direction: 'up', replicas: 3, maxReplicas: 10 }, '10'],
    ['a step up from what is not written', undefined, { direction: 'up', replicas: 1 }, '2'],
    ['a step up, by default to 100 at most', 99, { direction: 'up', replicas: 50 }, '100'],
    ['a step down', 5, { direction: 'down', replicas: 2 }, '3'],
    ['a step down that is cut short', 3, { direction: 'down', replicas: 5, minReplicas: 2 }, '2'],
    ['an absolute number', 2, { direction: 'absolute', replicas: 7 }, '7'],
    ['from nothing', 0, { direction: 'up', replicas: 1 }, '1'],
  ])('%s', (_name, present, action, expected) => {
    const planned = plan(deployment(present), action);
    expect(planned).toMatchObject({
      result: 'planned',
      parameters: { fromReplicas: String(present ?? 1), toReplicas: expected },
      summary: `scale Deployment shop/cart from ${present ?? 1} to ${expected} replicas`,
    });
    expect(planned).not.toHaveProperty('approvalReason');
  });

  test.each<[string, number, ScaleAction, RegExp]>([
    ['the number that is there', 3, { direction: 'absolute', replicas: 3 }, /has 3 replicas already/],
    [
      'a step up at the top',
      10,
      { direction: 'up', replicas: 1, maxReplicas: 10 },
      /cannot be scaled up within 0 to 10/,
    ],
    ['a step up that would go down', 20, { direction: 'up', replicas: 1, maxReplicas: 10 }, /has 20 replicas/],
    ['a step down at the bottom', 0, { direction: 'down', replicas: 1 }, /cannot be scaled down/],
    ['a step down that would go up', 1, { direction: 'down', replicas: 1, minReplicas: 3 }, /has 1 replicas/],
    ['a number out of bounds', 1, { direction: 'absolute', replicas: 200 }, /200 replicas are not within 0 to 100/],
  ])('refuses %s', (_name, present, action, message) => {
    expect(plan(deployment(present), action)).toMatchObject({
      result: 'refused',
      message: expect.stringMatching(message),
    });
  });

  test('zero needs a person, unless the policy itself says zero', () => {
    expect(plan(deployment(2), { direction: 'down', replicas: 5 })).toMatchObject({
      parameters: { toReplicas: '0' },
      approvalReason: expect.stringContaining('nothing would be left'),
    });
    expect(plan(deployment(2), { direction: 'absolute', replicas: 0 })).not.toHaveProperty('approvalReason');
  });

  test('of a StatefulSet that deletes its volumes when it shrinks needs a person, on the way down only', () => {
    const set: StatefulSet = {
      ...object('StatefulSet', 'db'),
      spec: { selector, template, replicas: 3, persistentVolumeClaimRetentionPolicy: { whenScaled: 'Delete' } },
    };
    expect(plan(set, { direction: 'down', replicas: 1 })).toMatchObject({
      approvalReason: expect.stringContaining('volume claims'),
    });
    expect(plan(set, { direction: 'up', replicas: 1 })).not.toHaveProperty('approvalReason');
  });
});

describe('a number that somebody else sets', () => {
  const up: ScaleAction = { direction: 'up', replicas: 1 };
  const set = (manager: string, subresource: string | undefined, field = 'f:replicas'): Deployment =>
    deployment(2, [
      { manager, ...(subresource === undefined ? {} : { subresource }), fieldsV1: { 'f:spec': { [field]: {} } } },
    ]);

  test('is left to the HorizontalPodAutoscaler, which is named', () => {
    expect(plan(deployment(2), up, [autoscaler('other'), autoscaler('cart')])).toMatchObject({
      result: 'refused',
      message: expect.stringMatching(/HorizontalPodAutoscaler hpa-of-cart .*change minReplicas/),
    });
  });

  test.each([
    ['another object', autoscaler('other')],
    ['another kind', autoscaler('cart', 'StatefulSet')],
    ['another group', autoscaler('cart', 'Deployment', 'example.org/v1')],
    ['a namesake elsewhere', { ...autoscaler('cart'), metadata: { ...autoscaler('cart').metadata, namespace: 'x' } }],
  ])('is not meant by an autoscaler of %s', (_name, hpa) => {
    expect(plan(deployment(2), up, [hpa])).toMatchObject({ result: 'planned' });
  });

  test('is left to a program that uses the scale subresource', () => {
    expect(plan(set('keda-operator', 'scale'), up)).toMatchObject({
      result: 'refused',
      message: expect.stringContaining('keda-operator sets its number of replicas'),
    });
  });

  test.each([
    ['kubectl scale', set('kubectl', 'scale')],
    ['kubectl patch --subresource=scale', set('kubectl-patch', 'scale')],
    ['an autoscaler that is gone', set('kube-controller-manager', 'scale')],
    ['a program that wrote the object itself', set('helm', undefined)],
    ['a program that scaled something else', set('keda-operator', 'scale', 'f:other')],
  ])('is free after %s', (_name, target) => {
    expect(plan(target, up)).toMatchObject({ result: 'planned' });
  });
});

describe('the write', () => {
  const live = deployment(2);

  test('tests the number that was read, and sets the absolute one', () => {
    const effect = scale.execute({ target: live, related: [], parameters, marker });
    expect(effect).toMatchObject({
      write: {
        target: { kind: 'Deployment', name: 'cart' },
        operations: expect.arrayContaining([{ op: 'test', path: '/spec/replicas', value: 2 }]),
      },
    });
    expect(changing(effect)).toEqual([
      { op: 'add', path: '/spec/replicas', value: 4 },
      { op: 'add', path: '/metadata/annotations', value: { 'kubeskippy.io/applied-u': 'execute-1' } },
    ]);
  });

  test('is not made when the number is another by now, or an autoscaler has come', () => {
    expect(scale.execute({ target: deployment(3), related: [], parameters, marker })).toMatchObject({
      result: 'drifted',
      message: expect.stringContaining('3 replicas by now'),
    });
    expect(scale.execute({ target: live, related: [autoscaler('cart')], parameters, marker })).toMatchObject({
      result: 'drifted',
    });
  });

  test('is taken back to the old number while ours is there, and not after', () => {
    expect(changing(scale.inverse({ target: deployment(4), related: [], parameters, marker }))[0]).toEqual({
      op: 'add',
      path: '/spec/replicas',
      value: 2,
    });
    expect(scale.inverse({ target: deployment(5), related: [], parameters, marker })).toMatchObject({
      result: 'drifted',
    });
    expect(scale.inverse({ target: deployment(4), related: [autoscaler('cart')], parameters, marker })).toMatchObject({
      result: 'drifted',
    });
  });

  test('is recognised by its result when the mark was lost', () => {
    const uid = live.metadata.uid;
    const seen = (target: Deployment | undefined, of = uid) =>
      scale.confirm({ target, uid: of, parameters, related: [], marker });
    expect(seen(deployment(4))).toBe('applied');
    expect(seen(live)).toBe('not-applied');
    expect(seen(deployment(4), 'another')).toBe('not-applied');
    expect(seen(undefined)).toBe('not-applied');
  });
});
