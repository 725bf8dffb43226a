import { beforeEach, describe, expect, test } from '@jest/globals';
import type { PlanResult, Resolved } from '../../../src/actions/define-action.ts';
import { patch } from '../../../src/actions/patch.ts';
import { resources } from '../../../src/adapters/kubernetes/resource.ts';
import type { PatchAction } from '../../../src/api/healing-action.ts';
import type { Container, Deployment } from '../../../src/api/workloads.ts';
import type { WriteResult } from '../../../src/ports/cluster.ts';
import { serverForTests } from '../../support/installed-server.ts';
import { forAction, MARKS } from '../../support/objects.ts';

const server = serverForTests(); // no controllers: nobody else writes
let serial = 0;
let name: string;

beforeEach(async () => {
  name = `cart-${(serial += 1)}`;
  await server.admin.create(
    resources.deployments,
    { namespace: 'default' },
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name },
      spec: {
        selector: { matchLabels: { app: 'cart' } },
        template: {
          metadata: { labels: { app: 'cart' } },
          spec: {
            containers: [
              { name: 'app', image: 'web:1', args: ['-c', 'a && b > c'], env: [{ name: 'LEVEL', value: 'info' }] },
              { name: 'proxy', image: 'proxy:1', resources: { limits: { memory: '64Mi' } } },
            ],
          },
        },
      },
    },
  );
});

const at = () => ({ namespace: 'default', name });
const read = (): Promise<Deployment> => server.admin.get<Deployment>(resources.deployments, at());
const container = ({ spec }: Deployment, which: string): Container | undefined =>
  spec.template.spec.containers.find((item) => item.name === which);
const edit = (operations: readonly object[]): Promise<unknown> =>
  server.admin.patch(resources.deployments, at(), 'json', operations);

async function plan(patchAction: PatchAction): Promise<PlanResult> {
  const target = await read();
  const template = { type: 'patch', patchAction } as const;
  const related = await patch.gather(server.cluster, { target, namespace: 'default', template });
  return patch.plan({
    target,
    related,
    template,
    stamp: '2026-01-01T00:00:00.000Z',
    seenGood: [],
    failed: [],
    ...forAction,
  });
}

async function planned(patchAction: PatchAction): Promise<Resolved> {
  const result = await plan(patchAction);
  if (result.result !== 'planned') throw new Error(result.message);
  return { parameters: result.parameters, change: result.change ?? '' };
}

const why = async (patchAction: PatchAction): Promise<string> => {
  const result = await plan(patchAction);
  return result.result === 'refused' ? result.message : 'planned';
};

async function run(way: 'execute' | 'inverse', resolved: Resolved, dryRun = false): Promise<WriteResult | string> {
  const effect = patch[way]({ target: await read(), related: [], marker: MARKS[way], ...resolved });
  if (effect?.result !== 'effect') return effect?.result === undefined ? 'nothing' : effect.message;
  return server.cluster.write(effect.write, { auditId: `test-${serial}`, dryRun, deadline: Date.now() + 10_000 });
}

const smallMemory = `
spec:
  template:
    spec:
      containers:
        - name: app
          resources:
            limits: { memory: 256Mi }
`;

const forms: [string, PatchAction, (after: Deployment) => unknown, unknown][] = [
  [
    'strategic, merging a list by name',
    { patch: smallMemory },
    (after) => container(after, 'app')?.resources,
    { limits: { memory: '256Mi' } },
  ],
  ['merge', { type: 'merge', patch: '{"spec": {"minReadySeconds": 7}}' }, ({ spec }) => spec.minReadySeconds, 7],
  [
    'json',
    { type: 'json', patch: '[{"op": "replace", "path": "/spec/revisionHistoryLimit", "value": 3}]' },
    ({ spec }) => spec.revisionHistoryLimit,
    3,
  ],
  [
    'of patches, with an index and a text that no JSON writer writes like another',
    {
      patches: [
        { path: ['spec', 'template', 'spec', 'containers', '1', 'resources', 'limits', 'memory'], value: '128Mi' },
        { path: ['metadata', 'annotations', 'example.org/note'], value: '<a & b> \u2028' },
      ],
    },
    (after) => [container(after, 'proxy')?.resources?.limits, after.metadata.annotations?.['example.org/note']],
    [{ memory: '128Mi' }, '<a & b> \u2028'],
  ],
];

describe.each(forms)('a patch %s', (_form, patchAction, look, expected) => {
  test('changes that and nothing else, and is taken back whole', async () => {
    const before = await read();
    const resolved = await planned(patchAction);
    expect(await read()).toEqual(before);
    expect(await run('execute', resolved, true)).toMatchObject({ result: 'written' });
    expect(await read()).toEqual(before);
    expect(await run('execute', resolved)).toMatchObject({ result: 'written' });

    const after = await read();
    expect(look(after)).toEqual(expected);
    expect(container(after, 'app')?.args).toEqual(['-c', 'a && b > c']);
    expect(after.metadata.annotations?.[MARKS.execute.key]).toBe(MARKS.execute.value);

    expect(await run('inverse', resolved)).toMatchObject({ result: 'written' });
    const back = await read();
    expect(back.spec).toEqual(before.spec);
    expect(Object.keys(back.metadata.annotations ?? {}).sort()).toEqual([MARKS.execute.key, MARKS.inverse.key]);
  });
});

const template = (podSpec: object): object => ({ spec: { template: { spec: podSpec } } });
const merged = (body: object, allowPaths: readonly string[] = []): PatchAction => ({
  patch: JSON.stringify(body),
  allowPaths,
});

describe('judged is what would come of a patch, not what it says', () => {
  const everything = ['/*'];
  test.each<[string, PatchAction, RegExp]>([
    [
      'a security context between things that may be changed',
      merged(
        template({
          terminationGracePeriodSeconds: 10,
          containers: [
            { name: 'proxy', resources: { limits: { memory: '128Mi' } }, securityContext: { privileged: true } },
          ],
        }),
        everything,
      ),
      /goes too far: spec\.template\.spec\.containers\[proxy\]\.securityContext\.privileged is never changed by a patch$/,
    ],
    [
      'a container that is taken away by a directive',
      merged(template({ containers: [{ name: 'proxy', $patch: 'delete' }] }), everything),
      /containers\[proxy\]\.name is never changed/,
    ],
    [
      'all containers replaced by a directive',
      merged(template({ containers: [{ $patch: 'replace' }, { name: 'app', image: 'spy:1' }] }), everything),
      /containers\[app\]\.args is never changed/,
    ],
    [
      'a merge patch that replaces the list of containers',
      { type: 'merge', patch: JSON.stringify(template({ containers: [{ name: 'app', image: 'web:1' }] })) },
      /containers\[app\]\.args is never changed/,
    ],
    [
      'a value copied to where it may not be',
      {
        type: 'json',
        patch: JSON.stringify([
          { op: 'copy', from: '/spec/template/spec/containers/0/args', path: '/spec/template/spec/containers/1/args' },
        ]),
      },
      /containers\[proxy\]\.args is never changed/,
    ],
    [
      'a value from a Secret',
      merged(
        template({
          containers: [{ name: 'app', env: [{ name: 'KEY', valueFrom: { secretKeyRef: { name: 's', key: 'k' } } }] }],
        }),
        everything,
      ),
      /env\[KEY\]\.valueFrom\.secretKeyRef\.\w+ is never changed/,
    ],
    ['a service account', merged(template({ serviceAccountName: 'admin' }), everything), /serviceAccount\w* is never/],
    [
      'a host path',
      merged(template({ volumes: [{ name: 'root', hostPath: { path: '/' } }] }), everything),
      /volumes\[root\]\.\S+ is never changed/,
    ],
    ['a finalizer', merged({ metadata: { finalizers: ['example.org/hold'] } }, everything), /finalizers is never/],
    ['a name', merged({ metadata: { name: 'other' } }, everything), /the patch cannot be applied: .*other/],
    ['protection', merged({ metadata: { annotations: { 'kubeskippy.io/protected': 'true' } } }), /is never changed/],
    ['the status', merged({ status: { replicas: 3 } }), /changes nothing/],
    ['a field that does not exist', merged({ spec: { repicas: 3 } }), /the patch cannot be applied: .*repicas/],
    ['what is invalid', merged({ spec: { minReadySeconds: -1 } }), /cannot be applied: .*minReadySeconds/],
    ['text where a number is due', { patches: [{ path: ['spec', 'paused'], value: 'maybe' }] }, /cannot be applied: /],
    [
      'an environment variable',
      merged(template({ containers: [{ name: 'app', env: [{ name: 'LEVEL', value: 'x' }] }] })),
      /allowPaths/,
    ],
  ])('%s', async (_name, patchAction, message) => {
    const before = await read();
    expect(await why(patchAction)).toMatch(message);
    expect(await read()).toEqual(before);
  });

  test('an environment variable that the policy allows is changed', async () => {
    const level = merged(template({ containers: [{ name: 'app', env: [{ name: 'LEVEL', value: 'debug' }] }] }), [
      '/spec/template/spec/containers/app/env',
    ]);
    const resolved = await planned(level);
    expect(await run('execute', resolved)).toMatchObject({ result: 'written' });
    expect(container(await read(), 'app')?.env).toEqual([{ name: 'LEVEL', value: 'debug' }]);
  });

  test('what the API server defaults by itself is a part of the plan', async () => {
    const probe = merged(
      template({ containers: [{ name: 'app', livenessProbe: { httpGet: { path: '/', port: 80 } } }] }),
      ['/spec/template/spec/containers/*/livenessProbe/httpGet'],
    );
    const resolved = await planned(probe);
    expect(JSON.parse(resolved.change ?? '')).toContainEqual({
      op: 'add',
      path: '/spec/template/spec/containers/0/livenessProbe',
      value: expect.objectContaining({ periodSeconds: 10, httpGet: { path: '/', port: 80, scheme: 'HTTP' } }),
    });
    const before = await read();
    expect(await run('execute', resolved)).toMatchObject({ result: 'written' });
    expect(await run('inverse', resolved)).toMatchObject({ result: 'written' });
    expect((await read()).spec).toEqual(before.spec);
  });

  test('an image is changed with approval', async () => {
    expect(await plan(merged(template({ containers: [{ name: 'app', image: 'web:2' }] })))).toMatchObject({
      result: 'planned',
      approvalReason: expect.stringContaining('containers[app].image'),
    });
  });
});

test('a whole template can be tested although Go writes some of its texts with escapes, as an undo does', async () => {
  const { spec } = await read();
  const write = {
    type: 'patch',
    target: { apiVersion: 'apps/v1', kind: 'Deployment', ...at() },
    operations: [{ op: 'test', path: '/spec/template', value: spec.template }],
  } as const;
  const options = { auditId: 'escapes', dryRun: false, deadline: Date.now() + 10_000 };
  expect(spec.template.spec.containers[0]?.args).toEqual(['-c', 'a && b > c']);
  expect(await server.cluster.write(write, options)).toMatchObject({ result: 'written' });
});

describe('when somebody else writes', () => {
  const both: PatchAction = { patch: 'spec: {minReadySeconds: 7, template: {metadata: {annotations: {note: ours}}}}' };

  test.each<[string, object, string]>([
    ['a field of the plan', { op: 'add', path: '/spec/minReadySeconds', value: 3 }, 'spec.minReadySeconds'],
    [
      'a map on the way to it',
      { op: 'add', path: '/spec/template/metadata/annotations', value: { note: 'theirs' } },
      'spec.template.metadata.annotations.note',
    ],
  ])('%s before the effect, it has drifted', async (_name, operation, field) => {
    const resolved = await planned(both);
    await edit([operation]);
    const before = await read();
    expect(await run('execute', resolved)).toBe(`${field} of Deployment default/${name} was changed by someone else`);
    expect(await read()).toEqual(before);
  });

  test('another field before the effect, both are kept', async () => {
    const resolved = await planned(both);
    await edit([
      { op: 'add', path: '/spec/template/metadata/annotations', value: { other: 'theirs' } },
      { op: 'add', path: '/metadata/annotations', value: { other: 'theirs' } },
    ]);
    expect(await run('execute', resolved)).toMatchObject({ result: 'written' });
    const { metadata, spec } = await read();
    expect(metadata.annotations).toEqual({ other: 'theirs', [MARKS.execute.key]: MARKS.execute.value });
    expect(spec.template.metadata?.annotations).toEqual({ other: 'theirs', note: 'ours' });
  });

  test('one field after the effect, nothing is taken back', async () => {
    const resolved = await planned(both);
    await run('execute', resolved);
    await edit([{ op: 'replace', path: '/spec/minReadySeconds', value: 30 }]);
    const before = await read();
    expect(await run('inverse', resolved)).toBe(
      `spec.minReadySeconds of Deployment default/${name} was changed by someone else`,
    );
    expect(await read()).toEqual(before);
  });

  test('a container before ours, the index does not hit another one', async () => {
    const resolved = await planned({
      patches: [
        { path: ['spec', 'template', 'spec', 'containers', '1', 'resources', 'limits', 'memory'], value: '96Mi' },
      ],
    });
    const { containers } = (await read()).spec.template.spec;
    const twin = { ...containers[1], name: 'twin' };
    await edit([
      { op: 'replace', path: '/spec/template/spec/containers', value: [containers[0], twin, containers[1]] },
    ]);
    expect(await run('execute', resolved)).toMatch(/containers\[twin\]\.name of .* was changed by someone else/);
  });

  test('between our read and our write, the write is a conflict', async () => {
    const resolved = await planned(both);
    const live = await read();
    await edit([{ op: 'add', path: '/spec/minReadySeconds', value: 3 }]);
    const effect = patch.execute({ target: live, related: [], marker: MARKS.execute, ...resolved });
    if (effect.result !== 'effect') throw new Error(effect.message);
    const options = { auditId: 'late', dryRun: false, deadline: Date.now() + 10_000 };
    expect(await server.cluster.write(effect.write, options)).toMatchObject({ result: 'conflict' });
    expect((await read()).spec.minReadySeconds).toBe(3);
  });
});
