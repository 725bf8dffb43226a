import { describe, expect, test } from '@jest/globals';
import type { Effect } from '../../../src/actions/define-action.ts';
import { restart } from '../../../src/actions/restart.ts';
import type { DaemonSet, Deployment, Pod, StatefulSet } from '../../../src/api/workloads.ts';
import { object } from '../../support/objects.ts';
import { forAction } from '../../support/objects.ts';

type Annotations = Readonly<Record<string, string>>;
const STAMP = '2026-11-25T08:00:00.123Z';
const marker = { key: 'kubeskippy.io/applied-u', value: 'execute-1' };

const deployment = (annotations?: Annotations, spec: Partial<Deployment['spec']> = {}): Deployment => ({
  ...object('Deployment', 'cart', { labels: {}, annotations: {} }),
  spec: {
    selector: {},
    template: { metadata: annotations === undefined ? {} : { annotations }, spec: { containers: [] } },
    ...spec,
  },
});
const plan = (target: Deployment | StatefulSet | DaemonSet | Pod, related: readonly Deployment[] = []) =>
  restart.plan({
    target,
    related,
    seenGood: [],
    failed: [],
    ...forAction,
    template: { type: 'restart', restartAction: { gracePeriodSeconds: 5 } },
    stamp: STAMP,
  });
/** As it was planned for `planned`. */
const execute = (target: Deployment, planned = target): Effect => {
  const made = plan(planned);
  if (made.result !== 'planned') throw new Error(made.message);
  return restart.execute({ target, related: [], parameters: made.parameters, marker });
};

function changes(effect: Effect) {
  if (effect.result !== 'effect' || effect.write.type !== 'patch') throw new Error(JSON.stringify(effect));
  return effect.write.operations;
}

describe('of a workload', () => {
  test('has its stamp fixed by the plan', () => {
    expect(plan(deployment())).toMatchObject({ result: 'planned', parameters: { restartedAt: STAMP } });
  });

  test.each<[string, Annotations | undefined, object]>([
    [
      'no annotations',
      undefined,
      { op: 'add', path: '/spec/template/metadata/annotations', value: { 'kubectl.kubernetes.io/restartedAt': STAMP } },
    ],
    [
      'others',
      { a: 'b' },
      { op: 'add', path: '/spec/template/metadata/annotations/kubectl.kubernetes.io~1restartedAt', value: STAMP },
    ],
  ])('stamps a template with %s', (_name, annotations, operation) => {
    expect(changes(execute(deployment(annotations)))).toContainEqual(operation);
  });

  test('tests that nobody changed the template since it was read', () => {
    const before = deployment({ 'kubectl.kubernetes.io/restartedAt': 'earlier' });
    expect(changes(execute(before))).toContainEqual({
      op: 'test',
      path: '/spec/template',
      value: before.spec.template,
    });
  });

  test('is not done to a template that was changed after the plan was made', () => {
    const changed = deployment({ a: 'c' });
    expect(execute(changed, deployment({ a: 'b' }))).toMatchObject({ result: 'drifted' });
    expect(plan(changed)).not.toEqual(plan(deployment({ a: 'b' })));
  });

  test.each<[string, Deployment | StatefulSet, RegExp]>([
    ['paused', deployment({}, { paused: true }), /paused/],
    [
      'of strategy OnDelete',
      {
        ...object('StatefulSet', 'db'),
        spec: { selector: {}, template: { spec: { containers: [] } }, updateStrategy: { type: 'OnDelete' } },
      },
      /OnDelete/,
    ],
  ])('that is %s is refused, because nothing would happen', (_name, target, words) => {
    expect(plan(target)).toMatchObject({ result: 'refused', message: expect.stringMatching(words) });
  });

  test('cannot be taken back', () => {
    expect(restart.inverse({ target: deployment(), related: [], parameters: {}, marker })).toBeUndefined();
  });
});

describe('of a pod', () => {
  const owner = deployment();
  const pod: Pod = { ...object('Pod', 'cart-1', { owner, labels: {}, annotations: {} }), spec: { containers: [] } };

  test('remembers who makes the next one, since the pod will be gone', () => {
    expect(plan(pod, [owner])).toMatchObject({
      parameters: { workloadKind: 'Deployment', workloadName: 'cart', gracePeriodSeconds: '5' },
    });
  });

  test('without a controller is refused', () => {
    expect(plan({ ...pod, metadata: { ...pod.metadata, ownerReferences: [] } })).toMatchObject({ result: 'refused' });
  });

  test('is a claim by annotation, then an eviction of exactly that pod', () => {
    const effect = restart.execute({ target: pod, related: [], parameters: { gracePeriodSeconds: '5' }, marker });
    expect(effect).toMatchObject({
      result: 'effect',
      claim: { type: 'patch', target: { kind: 'Pod', name: 'cart-1' } },
      write: { type: 'evict', uid: pod.metadata.uid, gracePeriodSeconds: 5 },
    });
  });

  test('is done when the pod is gone, going, or another', () => {
    const { uid } = pod.metadata;
    const parameters = { workloadKind: 'Deployment', workloadName: 'cart' };
    const leaving = { ...pod, metadata: { ...pod.metadata, deletionTimestamp: STAMP } };
    expect(restart.confirm({ target: undefined, uid, parameters, related: [], marker })).toBe('applied');
    expect(restart.confirm({ target: leaving, uid, parameters, related: [], marker })).toBe('applied');
    expect(restart.confirm({ target: pod, uid: 'another', parameters, related: [], marker })).toBe('applied');
    expect(restart.confirm({ target: pod, uid, parameters, related: [], marker })).toBe('not-applied');
  });
});
