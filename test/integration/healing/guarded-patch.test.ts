import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { actionFor } from '../../../src/actions/index.ts';
import { FENCE_KEY, guardedPatch } from '../../../src/actions/guarded-patch.ts';
import { templateDigest } from '../../../src/actions/pod-template.ts';
import { createCluster } from '../../../src/adapters/kubernetes/cluster.ts';
import { KubeClient } from '../../../src/adapters/kubernetes/kube-client.ts';
import { resources } from '../../../src/adapters/kubernetes/resource.ts';
import type { Deployment } from '../../../src/api/workloads.ts';
import { startLocalEnvironment, type LocalEnvironment } from '../../../src/local/environment.ts';
import type { ClusterPort, Write, WriteResult } from '../../../src/ports/cluster.ts';
import { applyJsonPatch } from '../../support/memory-api-server.ts';
import { MARKS } from '../../support/objects.ts';

let env: LocalEnvironment;
let admin: KubeClient;
let cluster: ClusterPort;
let serial = 0;
let name: string;

beforeAll(async () => {
  env = await startLocalEnvironment({ components: ['apiserver'] }); // no controllers: nobody else writes
  admin = KubeClient.load({ kubeconfig: env.kubeconfig('admin') });
  cluster = createCluster(admin);
}, 60_000);
afterAll(async () => {
  await env.stop();
});

const MARKER = MARKS.execute;
const STAMP = '2026-01-01T00:00:00.000Z';
const at = () => ({ namespace: 'default', name });
const read = (): Promise<Deployment> => admin.get<Deployment>(resources.deployments, at());
const edit = (operations: readonly object[]): Promise<unknown> =>
  admin.patch(resources.deployments, at(), 'json', operations);

interface Meta {
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

const create = async ({ labels, annotations }: Meta = { labels: { app: 'x' }, annotations: { 'a/b': '1' } }) => {
  name = `target-${(serial += 1)}`;
  await admin.create(
    resources.deployments,
    { namespace: 'default' },
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name, ...(labels && { labels }), ...(annotations && { annotations }) },
      spec: {
        selector: { matchLabels: { app: 'x' } },
        template: { metadata: { labels: { app: 'x' } }, spec: { containers: [{ name: 'app', image: 'web:1' }] } },
      },
    },
  );
};

const effectOn = (live: Deployment): Write => {
  const effect = actionFor('restart')?.execute({
    target: live,
    related: [],
    parameters: { restartedAt: STAMP, templateDigest: templateDigest(live.spec.template) },
    marker: MARKER,
  });
  if (effect?.result !== 'effect') throw new Error('there is no effect');
  return effect.write;
};
const send = (write: Write, dryRun = false): Promise<WriteResult> =>
  cluster.write(write, { auditId: `test-${serial}`, dryRun, deadline: Date.now() + 10_000 });
/** By a JSON Patch that is not ours, on what was read. */
const byAnother = (live: Deployment, write: Write): Deployment =>
  applyJsonPatch(live, write.type === 'patch' ? write.operations : []) as Deployment;

const shapes: [string, Meta][] = [
  ['with labels and annotations', { labels: { app: 'x' }, annotations: { 'a/b': '1' } }],
  ['without annotations', { labels: { app: 'x' } }],
  ['without labels', { annotations: { 'a/b': '1' } }],
  ['with neither', {}],
  ['with empty maps', { labels: {}, annotations: {} }],
  ['that was fenced before', { annotations: { [FENCE_KEY]: 'seen' } }],
  ['with odd keys', { annotations: { 'x.y/a.b_c-d': '~/1', 'kubeskippy.io/protected': 'false' } }],
];

describe.each(shapes)('an object %s', (_name, meta) => {
  beforeEach(() => create(meta));

  test('gets the mark and the stamp, and nothing else, as another JSON Patch says too', async () => {
    const before = await read();
    const write = effectOn(before);
    expect((await send(write)).result).toBe('written');

    const after = await read();
    expect(after.spec).toEqual({
      ...before.spec,
      template: {
        ...before.spec.template,
        metadata: {
          ...before.spec.template.metadata,
          annotations: { 'kubectl.kubernetes.io/restartedAt': STAMP },
        },
      },
    });
    expect(after.metadata.annotations).toEqual({ ...before.metadata.annotations, [MARKER.key]: MARKER.value });
    expect(after.metadata.labels).toEqual(before.metadata.labels);
    const expected = byAnother(before, write);
    expect([after.spec, after.metadata.annotations]).toEqual([expected.spec, expected.metadata.annotations]);
  });

  test('changes nothing in a dry run', async () => {
    const before = await read();
    expect((await send(effectOn(before), true)).result).toBe('written');
    expect(await read()).toEqual(before);
  });

  test('is not hit twice', async () => {
    const write = effectOn(await read());
    await send(write);
    const once = await read();
    expect((await send(write)).result).toBe('conflict');
    expect(await read()).toEqual(once);
  });

  const meanwhile: [string, (live: Deployment) => readonly object[]][] = [
    ['the mark is there', (live) => annotate(live, MARKER.key, 'execute-1')],
    ['a fence was raised', (live) => annotate(live, FENCE_KEY, 'another')],
    ['it was protected by a label', (live) => put(live.metadata.labels, 'labels', 'kubeskippy.io/protected', 'true')],
    ['it was protected by an annotation', (live) => annotate(live, 'kubeskippy.io/protected', 'true')],
    ['healing was switched off for it', (live) => annotate(live, 'kubeskippy.io/healing-disabled', 'true')],
    [
      'somebody else restarted it',
      () => [
        {
          op: 'add',
          path: '/spec/template/metadata/annotations',
          value: { 'kubectl.kubernetes.io/restartedAt': '2025-01-01T00:00:00Z' },
        },
      ],
    ],
  ];
  test.each(meanwhile)('is left alone when meanwhile %s', async (_what, change) => {
    const live = await read();
    await edit(change(live));
    const before = await read();
    const result = await send(effectOn(live));
    expect(result.result).toBe('conflict');
    expect(await read()).toEqual(before);
    expect(() => byAnother(before, effectOn(live))).toThrow();
  });

  test('is left alone when it is another of the same name', async () => {
    const live = await read();
    await admin.delete(resources.deployments, at(), { propagationPolicy: 'Background' });
    const known = serial;
    serial -= 1;
    await create(meta);
    serial = known;
    const before = await read();
    expect((await send(effectOn(live))).result).toBe('conflict');
    expect(await read()).toEqual(before);
  });

  test('is not there any more', async () => {
    const live = await read();
    await admin.delete(resources.deployments, at(), { propagationPolicy: 'Background' });
    expect((await send(effectOn(live))).result).toBe('gone');
  });
});

const put = (map: Meta['labels'], field: string, key: string, value: string): readonly object[] =>
  map === undefined
    ? [{ op: 'add', path: `/metadata/${field}`, value: { [key]: value } }]
    : [{ op: 'add', path: `/metadata/${field}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`, value }];
const annotate = (live: Deployment, key: string, value: string): readonly object[] =>
  put(live.metadata.annotations, 'annotations', key, value);

describe('the template', () => {
  test('as a whole can be a condition of the write', async () => {
    await create();
    const live = await read();
    const write = guardedPatch(live, MARKER, [
      { op: 'test', path: '/spec/template', value: live.spec.template },
      {
        op: 'replace',
        path: '/spec/template',
        value: { ...live.spec.template, metadata: { labels: { app: 'x', v: '2' } } },
      },
    ]);
    await edit([{ op: 'replace', path: '/spec/template/spec/containers/0/image', value: 'web:2' }]);
    const before = await read();
    expect((await send(write)).result).toBe('conflict');
    expect(await read()).toEqual(before);
  });

  test('a status that changes 20 times a second does not keep the write away', async () => {
    await create();
    const stop = new AbortController();
    let writes = 0;
    const hot = (async () => {
      while (!stop.signal.aborted) {
        await admin.patch(resources.deployments, { ...at(), subresource: 'status' }, 'merge', {
          status: { observedGeneration: (writes += 1) },
        });
        await new Promise((resolve) => setTimeout(resolve, 40));
      }
    })();
    try {
      for (let round = 0; round < 10; round++) {
        const live = await read();
        await new Promise((resolve) => setTimeout(resolve, 150)); // what is checked before a write takes its time
        const { key } = MARKER;
        const write = guardedPatch(live, { key: `${key}-${round}`, value: 'execute-1' }, [
          { op: 'test', path: '/spec/template', value: live.spec.template },
          { op: 'replace', path: '/spec/template/spec/containers/0/image', value: `web:${round + 10}` },
        ]);
        expect((await send(write)).result).toBe('written');
      }
    } finally {
      stop.abort();
      await hot;
    }
    expect(writes).toBeGreaterThan(20);
  });
});
