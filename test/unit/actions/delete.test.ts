import { describe, expect, test } from '@jest/globals';
import { deletion } from '../../../src/actions/delete.ts';
import type { DeleteAction } from '../../../src/api/healing-action.ts';
import type { KubeObject, ObjectMeta } from '../../../src/api/meta.ts';
import { object } from '../../support/objects.ts';
import { forAction } from '../../support/objects.ts';

const marker = { key: 'kubeskippy.io/applied-u', value: 'execute-1' };
const deployment = object('Deployment', 'cart');
const set = object('ReplicaSet', 'cart-1', { owner: deployment });
const spec = { containers: [{ name: 'app', image: 'web:1' }] };
const owned = (meta: Partial<ObjectMeta> = {}): KubeObject => ({
  ...object('Pod', 'cart-1-a', { owner: set, ...meta }),
});
const bare = (meta: Partial<ObjectMeta> = {}) => ({ ...object('Pod', 'runner', { annotations: {}, ...meta }), spec });

const plan = (target: KubeObject, deleteAction: DeleteAction = {}, related: readonly KubeObject[] = []) =>
  deletion.plan({
    target,
    related,
    template: { type: 'delete', deleteAction },
    stamp: 's',
    seenGood: [],
    failed: [],
    ...forAction,
  });
const planned = (...args: Parameters<typeof plan>) => {
  const result = plan(...args);
  if (result.result === 'refused') throw new Error(result.message);
  return result;
};
const execute = (target: KubeObject, as: ReturnType<typeof planned>, related: readonly KubeObject[] = []) =>
  deletion.execute({
    target,
    related,
    marker,
    parameters: as.parameters,
    ...(as.change === undefined ? {} : { change: as.change }),
  });

describe('what has a controller', () => {
  test('is deleted for its controller to make another, and the plan says that it stays so', () => {
    expect(plan(owned(), {}, [set, deployment])).toMatchObject({
      result: 'planned',
      reversible: false,
      parameters: { workloadKind: 'Deployment', workloadUid: deployment.metadata.uid },
      summary: expect.stringContaining('cannot be taken back'),
    });
    expect(planned(owned(), {}, [set, deployment])).not.toHaveProperty('approvalReason');
  });

  test('is deleted at the version that was claimed, as the policy says', () => {
    const as = planned(owned(), { gracePeriodSeconds: 7, propagationPolicy: 'Foreground' }, [set, deployment]);
    expect(execute(owned(), as, [set, deployment])).toMatchObject({
      result: 'effect',
      claim: { type: 'patch' },
      write: { type: 'delete', uid: owned().metadata.uid, gracePeriodSeconds: 7, propagationPolicy: 'Foreground' },
    });
  });

  test('is not deleted once another controls it, or nobody', () => {
    const as = planned(owned(), {}, [set, deployment]);
    const another = { ...deployment, metadata: { ...deployment.metadata, uid: 'another' } };
    expect(execute(owned(), as, [set, another])).toMatchObject({ result: 'drifted' });
    expect(execute(bare({ name: 'cart-1-a' }), as)).toMatchObject({ result: 'drifted' });
  });

  test('is refused when the health of its controller cannot be told', () => {
    const job = object('Job', 'nightly');
    expect(plan(object('Pod', 'nightly-x', { owner: job }), {}, [job])).toMatchObject({
      result: 'refused',
      message: expect.stringContaining('belongs to Job nightly'),
    });
  });

  test('that was looked at is verified by what replaces it', () => {
    const { parameters } = planned(owned(), {}, [set, deployment]);
    expect(deletion.outlook?.({ target: undefined, uid: 'u', related: [], marker, parameters })).toBeUndefined();
  });
});

describe('what nothing would make again', () => {
  test('is refused unless the policy says so', () => {
    expect(plan(bare())).toMatchObject({ result: 'refused', message: expect.stringContaining('keepManifest') });
  });

  test('is kept in the plan, which a person must approve and which can be taken back', () => {
    expect(plan(bare(), { keepManifest: true })).toMatchObject({
      result: 'planned',
      reversible: true,
      change: expect.stringContaining('"image":"web:1"'),
      approvalReason: expect.stringContaining('nothing would make again'),
    });
  });

  test('is refused when its manifest cannot be kept', () => {
    expect(plan(bare({ labels: { long: 'x'.repeat(9_000) } }), { keepManifest: true })).toMatchObject({
      result: 'refused',
      message: expect.stringContaining('8192'),
    });
  });

  test('is not deleted when it is no longer what was kept', () => {
    const as = planned(bare(), { keepManifest: true });
    expect(execute(bare(), as)).toMatchObject({ result: 'effect' });
    const other = { ...bare(), spec: { containers: [{ name: 'app', image: 'web:2' }] } };
    expect(execute(other, as)).toMatchObject({ result: 'drifted' });
    const marked = bare({ annotations: { [marker.key]: marker.value, 'kubeskippy.io/fence': 'f' } });
    expect(execute(marked, as)).toMatchObject({ result: 'effect' });
  });

  test('is made again from the plan alone, with a mark and without an identity', () => {
    const { parameters, change } = planned(bare(), { keepManifest: true });
    const made = deletion.recreate?.({ parameters, marker, ...(change === undefined ? {} : { change }) });
    expect(made).toMatchObject({
      result: 'effect',
      write: {
        type: 'create',
        target: { kind: 'Pod', namespace: 'shop', name: 'runner' },
        object: { metadata: { name: 'runner', annotations: { [marker.key]: marker.value } }, spec },
      },
    });
    expect(JSON.stringify(made)).not.toContain(bare().metadata.uid);
    expect(deletion.recreate?.({ parameters, marker })).toBeUndefined();
  });

  test.each<[string, KubeObject | undefined, object]>([
    ['gone: as wanted', undefined, { state: 'healthy' }],
    [
      'there, held by somebody',
      bare({ finalizers: ['a/b'] }),
      { state: 'settling', detail: expect.stringContaining('a/b') },
    ],
    ['another: that one counts', bare({ uid: 'another' }), { state: 'elsewhere', subject: { uid: 'another' } }],
  ])('is %s', (_case, target, expected) => {
    const input = { uid: bare().metadata.uid, related: [], marker, parameters: {} };
    expect(deletion.outlook?.({ target, ...input })).toMatchObject(expected);
  });
});

describe('force', () => {
  const held = (finalizers?: string[], annotations = {}) =>
    owned({ annotations, ...(finalizers === undefined ? {} : { finalizers }) });
  const as = planned(held(['a/b', 'c/d']), { force: true }, [set, deployment]);
  const forced = (target: KubeObject) => execute(target, as, [set, deployment]);

  test('needs a person, who sees which finalizers are taken away', () => {
    expect(as.approvalReason).toContain('a/b, c/d');
    expect(planned(held(), { force: true }, [set, deployment]).approvalReason).toContain('now none');
  });

  test('takes the finalizers away with the claim, in one guarded write', () => {
    expect(forced(held(['a/b', 'c/d']))).toMatchObject({
      claim: {
        operations: expect.arrayContaining([
          { op: 'test', path: '/metadata/finalizers', value: ['a/b', 'c/d'] },
          { op: 'remove', path: '/metadata/finalizers' },
        ]),
      },
      changes: [{ field: 'metadata.uid' }, { field: 'metadata.finalizers', oldValue: 'a/b, c/d', newValue: 'none' }],
    });
  });

  test('takes away no finalizer that nobody has looked at', () => {
    expect(forced(held(['a/b']))).toMatchObject({ result: 'drifted' });
    expect(forced(held())).toMatchObject({ result: 'drifted' });
  });

  test('goes on where an attempt was broken off between claim and deletion', () => {
    const claimed = held(undefined, { [marker.key]: marker.value });
    expect(forced(claimed)).toMatchObject({ result: 'effect' });
    const seen = (target: KubeObject) =>
      deletion.confirm({ target, uid: target.metadata.uid, related: [], marker, parameters: as.parameters });
    expect(seen(claimed)).toMatchObject({ partly: expect.stringContaining('finalizers') });
    expect(seen(held(['a/b', 'c/d']))).toBe('not-applied');
  });

  test('absent leaves finalizers alone', () => {
    const plain = planned(held(['a/b']), {}, [set, deployment]);
    expect(JSON.stringify(execute(held(['a/b']), plain, [set, deployment]))).not.toContain('finalizers');
  });
});

test('a pod gets exactly the grace period of the policy, and none only with approval; a workload has none', () => {
  const grace = (target: KubeObject, gracePeriodSeconds: number) =>
    planned(target, { gracePeriodSeconds, keepManifest: true });
  expect(grace(bare(), 300).parameters).toMatchObject({ gracePeriodSeconds: '300' });
  expect(grace(bare(), 0).approvalReason).toContain('no time');
  expect(grace({ ...deployment }, 0).parameters).not.toHaveProperty('gracePeriodSeconds');
});
