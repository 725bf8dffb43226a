import { describe, expect, test } from '@jest/globals';
import { templateDigest } from '../../../src/actions/pod-template.ts';
import type { Effect } from '../../../src/actions/define-action.ts';
import type { Revised } from '../../../src/actions/revisions.ts';
import { undo } from '../../../src/actions/undo.ts';
import type { KubeObject } from '../../../src/api/meta.ts';
import type {
  ControllerRevision,
  Deployment,
  Pod,
  PodTemplateSpec,
  ReplicaSet,
  StatefulSet,
} from '../../../src/api/workloads.ts';
import { forAction, object } from '../../support/objects.ts';

const template = (image: string, labels: Record<string, string> = {}): PodTemplateSpec => ({
  metadata: { labels: { app: 'cart', ...labels } },
  spec: { containers: [{ name: 'web', image }] },
});
const deployment = (image: string, spec: Partial<Deployment['spec']> = {}): Deployment => ({
  ...object('Deployment', 'cart', { labels: { app: 'cart' }, annotations: { team: 'shop' } }),
  spec: { selector: { matchLabels: { app: 'cart' } }, template: template(image), ...spec },
});
const revision = (number: number, image: string, available = 0, owner = deployment('x')): ReplicaSet => ({
  ...object('ReplicaSet', `cart-${number}`, {
    owner,
    annotations: { 'deployment.kubernetes.io/revision': String(number) },
  }),
  spec: { selector: {}, template: template(image, { 'pod-template-hash': `h${number}` }) },
  status: { availableReplicas: available },
});
const plan = (
  target: Revised,
  related: readonly KubeObject[],
  seenGood: readonly string[] = [],
  failed: readonly string[] = [],
) =>
  undo.plan({
    ...forAction,
    target,
    related,
    seenGood,
    failed,
    template: { type: 'undo' },
    stamp: '2026-11-25T08:00:00.000Z',
  });
const marker = { key: 'kubeskippy.io/applied-u', value: 'execute-1' };

function operations(effect: Effect | undefined) {
  if (effect?.result !== 'effect' || effect.write.type !== 'patch') throw new Error(JSON.stringify(effect));
  return effect.write.operations;
}

describe('which revision', () => {
  test('one that is available now goes before a newer one that is not', () => {
    const planned = plan(deployment('v4'), [
      revision(4, 'v4'),
      revision(3, 'v3'),
      revision(2, 'v2', 1),
      revision(1, 'v1', 1),
    ]);
    expect(planned).toMatchObject({ result: 'planned', parameters: { fromName: 'cart-4', toName: 'cart-2' } });
    expect(planned).not.toHaveProperty('approvalReason');
  });

  test('one that was seen good goes before a newer one that was not', () => {
    const planned = plan(
      deployment('v4'),
      [revision(4, 'v4'), revision(3, 'v3'), revision(2, 'v2')],
      ['uid-replicaset-cart-2'],
    );
    expect(planned).toMatchObject({ parameters: { toName: 'cart-2' } });
    expect(planned).not.toHaveProperty('approvalReason');
  });

  test('else the one before, and then a person has to agree', () => {
    expect(plan(deployment('v4'), [revision(4, 'v4'), revision(3, 'v3'), revision(2, 'v2')])).toMatchObject({
      parameters: { toName: 'cart-3' },
      approvalReason: expect.stringContaining('revision 3'),
    });
  });

  test('the present one is found by its template, not by its number: an undo renumbers', () => {
    expect(plan(deployment('v1'), [revision(3, 'v1'), revision(2, 'v2', 1)])).toMatchObject({
      parameters: { fromName: 'cart-3', toName: 'cart-2' },
    });
  });

  test.each<[string, Deployment, ReplicaSet[], RegExp]>([
    ['a paused Deployment', deployment('v2', { paused: true }), [revision(2, 'v2'), revision(1, 'v1', 1)], /paused/],
    ['no earlier revision', deployment('v1'), [revision(1, 'v1', 1)], /keeps no earlier revision/],
    ['a rollout that has not begun', deployment('v2'), [revision(1, 'v1', 1)], /too early/],
    [
      'revisions of somebody else',
      deployment('v2'),
      [
        revision(2, 'v2'),
        revision(1, 'v1', 1, { ...deployment('x'), metadata: { ...deployment('x').metadata, uid: 'other' } }),
      ],
      /keeps no earlier/,
    ],
  ])('refuses %s', (_name, target, related, words) => {
    expect(plan(target, related)).toMatchObject({ result: 'refused', message: expect.stringMatching(words) });
  });
});

describe('a revision that has failed', () => {
  const digest = (image: string): string => templateDigest(template(image));

  test('is not gone back to, even if it looks available', () => {
    const kept = [revision(4, 'v4'), revision(3, 'v3', 1), revision(2, 'v2')];
    expect(plan(deployment('v4'), kept, [], [digest('v3')])).toMatchObject({
      parameters: { toName: 'cart-2' },
      approvalReason: expect.any(String),
    });
  });

  test('leaves nothing when there is no other, and that is said', () => {
    const kept = [revision(3, 'v3'), revision(2, 'v2', 1), revision(1, 'v1')];
    expect(plan(deployment('v3'), kept, [], [digest('v1'), digest('v2')])).toMatchObject({
      result: 'refused',
      message: expect.stringMatching(/no earlier revision to go back to: cart-2, cart-1 failed before/),
    });
  });
});

/** StatefulSets and DaemonSets keep their templates as patches in ControllerRevisions. */
describe.each(['StatefulSet', 'DaemonSet'])('of a %s', (kind) => {
  const set = (image: string, spec: Partial<StatefulSet['spec']> = {}): StatefulSet => ({
    ...object(kind, 'db'),
    spec: { selector: { matchLabels: { app: 'cart' } }, template: template(image), ...spec },
  });
  const kept = (number: number, image: string, owner = set('x')): ControllerRevision => ({
    ...object('ControllerRevision', `db-h${number}`, { owner }),
    revision: number,
    data: { spec: { template: { ...template(image), $patch: 'replace' } as PodTemplateSpec } },
  });
  const mark = (number: number): string => (kind === 'StatefulSet' ? `db-h${number}` : `h${number}`);
  const pod = (number: number, ready: 'True' | 'False', meta = {}): Pod => ({
    ...object('Pod', `db-${number}`, {
      owner: set('x'),
      labels: { 'controller-revision-hash': mark(number) },
      ...meta,
    }),
    spec: { containers: [] },
    status: { conditions: [{ type: 'Ready', status: ready }] },
  });
  const revisions = [kept(1, 'v1'), kept(3, 'v3'), kept(2, 'v2')];

  test('one whose pods are Ready goes before a newer one', () => {
    const planned = plan(set('v3'), [...revisions, pod(1, 'True'), pod(2, 'False')]);
    expect(planned).toMatchObject({ parameters: { fromName: 'db-h3', toName: 'db-h1' } });
    expect(planned).not.toHaveProperty('approvalReason');
  });

  test('a pod that is going makes nothing available', () => {
    const leaving = pod(1, 'True', { deletionTimestamp: 't' });
    expect(plan(set('v3'), [...revisions, leaving])).toMatchObject({
      parameters: { toName: 'db-h2' },
      approvalReason: expect.any(String),
    });
  });

  test('one that was seen good goes before a newer one', () => {
    const planned = plan(set('v3'), revisions, [`${set('x').metadata.uid}/h1`]);
    expect(planned).toMatchObject({ parameters: { toName: 'db-h1' } });
    expect(planned).not.toHaveProperty('approvalReason');
  });

  test('refuses what would not roll out, and what is not its own', () => {
    expect(plan(set('v3', { updateStrategy: { type: 'OnDelete' } }), revisions)).toMatchObject({
      message: expect.stringContaining('OnDelete'),
    });
    const foreign = kept(1, 'v1', { ...set('x'), metadata: { ...set('x').metadata, uid: 'other' } });
    expect(plan(set('v3'), [foreign, kept(3, 'v3')])).toMatchObject({
      message: expect.stringContaining('keeps no earlier'),
    });
  });

  test('the write is the template as it was, without what makes it a patch', () => {
    const target = set('v3');
    const planned = plan(target, revisions);
    if (planned.result !== 'planned') throw new Error(planned.message);
    const { parameters } = planned;
    expect(operations(undo.execute({ target, related: revisions, parameters, marker }))).toContainEqual({
      op: 'replace',
      path: '/spec/template',
      value: template('v2'),
    });
    expect(operations(undo.inverse({ target: set('v2'), related: revisions, parameters, marker }))).toContainEqual({
      op: 'replace',
      path: '/spec/template',
      value: template('v3'),
    });
  });
});

describe('the write', () => {
  const broken = deployment('v2');
  const related = [revision(2, 'v2'), revision(1, 'v1', 1)];
  const planned = plan(broken, related);
  if (planned.result !== 'planned') throw new Error(planned.message);
  const { parameters } = planned;

  test('replaces the template as its author wrote it, and nothing else', () => {
    const changing = operations(undo.execute({ target: broken, related, parameters, marker })).filter(
      ({ op }) => op !== 'test',
    );
    expect(changing).toEqual([
      { op: 'replace', path: '/spec/template', value: template('v1') },
      { op: 'add', path: '/metadata/annotations/kubeskippy.io~1applied-u', value: 'execute-1' },
    ]);
  });

  test('tests identity, mark, fence, protection and the template that was read', () => {
    const tested = operations(undo.execute({ target: broken, related, parameters, marker })).filter(
      ({ op }) => op === 'test',
    );
    expect(tested).toContainEqual({ op: 'test', path: '/metadata/uid', value: broken.metadata.uid });
    expect(tested).toContainEqual({ op: 'test', path: '/spec/template', value: broken.spec.template });
    for (const key of [
      'annotations/kubeskippy.io~1applied-u',
      'annotations/kubeskippy.io~1fence',
      'annotations/kubeskippy.io~1protected',
      'annotations/kubeskippy.io~1healing-disabled',
      'labels/kubeskippy.io~1protected',
    ])
      expect(tested).toContainEqual({ op: 'test', path: `/metadata/${key}`, value: null });
  });

  test('is not made when the template was changed since', () => {
    expect(undo.execute({ target: deployment('v3'), related, parameters, marker })).toMatchObject({
      result: 'drifted',
    });
  });

  test('is not made when the revision is gone, or another under its name', () => {
    expect(undo.execute({ target: broken, related: [revision(2, 'v2')], parameters, marker })).toMatchObject({
      result: 'drifted',
    });
    const other = [revision(2, 'v2'), revision(1, 'v9', 1)];
    expect(undo.execute({ target: broken, related: other, parameters, marker })).toMatchObject({ result: 'drifted' });
  });

  test('taken back, gives the template that was there before', () => {
    const healed = deployment('v1');
    const inverse = operations(undo.inverse({ target: healed, related, parameters, marker }));
    expect(inverse).toContainEqual({ op: 'replace', path: '/spec/template', value: template('v2') });
    expect(undo.inverse({ target: deployment('v3'), related, parameters, marker })).toMatchObject({
      result: 'drifted',
    });
  });

  test('is recognised by its result when the mark was lost', () => {
    const uid = broken.metadata.uid;
    expect(undo.confirm({ target: deployment('v1'), uid, parameters, related: [], marker })).toBe('applied');
    expect(undo.confirm({ target: broken, uid, parameters, related: [], marker })).toBe('not-applied');
    expect(undo.confirm({ target: undefined, uid, parameters, related: [], marker })).toBe('not-applied');
  });
});

test('a template has one digest, whatever order its fields are in and whichever ReplicaSet it is in', () => {
  const { spec, metadata } = template('v1');
  expect(templateDigest({ spec, ...(metadata === undefined ? {} : { metadata }) })).toBe(
    templateDigest(template('v1')),
  );
  expect(templateDigest(template('v1', { 'pod-template-hash': 'abc' }))).toBe(templateDigest(template('v1')));
  const old = { metadata: { ...metadata, creationTimestamp: null }, spec };
  expect(templateDigest(old)).toBe(templateDigest(template('v1')));
  expect(templateDigest(template('v2'))).not.toBe(templateDigest(template('v1')));
});
