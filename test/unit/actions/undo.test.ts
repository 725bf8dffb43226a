import { describe, expect, test } from '@jest/globals';
import { templateDigest } from '../../../src/actions/pod-template.ts';
import type { Effect } from '../../../src/actions/define-action.ts';
import { undo } from '../../../src/actions/undo.ts';
import type { Deployment, PodTemplateSpec, ReplicaSet } from '../../../src/api/workloads.ts';
import { object } from '../../support/objects.ts';

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
const plan = (target: Deployment, related: readonly ReplicaSet[], seenGood: readonly string[] = []) =>
  undo.plan({ target, related, seenGood, template: { type: 'undo' }, stamp: '2026-11-25T08:00:00.000Z' });
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
  expect(templateDigest(template('v2'))).not.toBe(templateDigest(template('v1')));
});
