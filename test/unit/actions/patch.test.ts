import { beforeEach, describe, expect, test } from '@jest/globals';
import type { Resolved } from '../../../src/actions/define-action.ts';
import { patch } from '../../../src/actions/patch.ts';
import { isPatchPreview } from '../../../src/actions/patch/preview.ts';
import type { ActionTemplate, PatchAction } from '../../../src/api/healing-action.ts';
import type { KubeObject } from '../../../src/api/meta.ts';
import type { Write } from '../../../src/ports/cluster.ts';
import { at, MemoryWorld } from '../../support/memory-world.ts';
import { forAction } from '../../support/objects.ts';

let world: MemoryWorld;
beforeEach(() => {
  world = new MemoryWorld();
  world.deploy('cart');
});

const marker = { key: 'kubeskippy.io/applied-u', value: 'execute-1' };
const reverted = { key: 'kubeskippy.io/reverted-u', value: 'rollback-1' };
const target = (kind = 'Deployment', name = 'cart'): KubeObject => world.api.get(at(kind, name));

async function plan(patchAction: PatchAction, of: KubeObject = target()) {
  const template: ActionTemplate = { type: 'patch', patchAction };
  const related = await patch.gather(world.cluster, { target: of, namespace: 'shop', template });
  return patch.plan({ target: of, related, template, stamp: '', seenGood: [], failed: [], ...forAction });
}
const tell = async (patchAction: PatchAction, of?: KubeObject): Promise<string> => {
  const planned = await plan(patchAction, of);
  return planned.result === 'refused' ? planned.message : planned.summary;
};
const merge = (body: object): PatchAction => ({ type: 'merge', patch: JSON.stringify(body) });
const inContainer = (fields: object): PatchAction =>
  merge({ spec: { template: { spec: { containers: [{ name: 'app', image: 'web:1', ...fields }] } } } });

async function planned(patchAction: PatchAction): Promise<Resolved> {
  const found = await plan(patchAction);
  if (found.result !== 'planned') throw new Error(found.message);
  return { parameters: found.parameters, change: found.change ?? '' };
}
const write = async (found: ReturnType<typeof patch.execute> | undefined): Promise<string> => {
  if (found?.result !== 'effect') return found?.result === undefined ? 'nothing' : found.message;
  const send = (what: Write) =>
    world.cluster.write(what, { auditId: 'x', dryRun: false, deadline: Date.now() + 10_000 });
  return (await send(found.write)).result;
};
const execute = (resolved: Resolved, live = target()) =>
  write(patch.execute({ target: live, related: [], marker, ...resolved }));
const takeBack = (resolved: Resolved) =>
  write(patch.inverse({ target: target(), related: [], marker: reverted, ...resolved }));

describe('a plan', () => {
  test('says which fields it changes, and keeps the resolved operations', async () => {
    expect(
      await plan(merge({ spec: { minReadySeconds: 5 }, metadata: { annotations: { 'example.org/a': 'b' } } })),
    ).toEqual({
      result: 'planned',
      parameters: {},
      summary: 'patch Deployment shop/cart: metadata.annotations[example.org/a], spec.minReadySeconds',
      change: JSON.stringify([
        { op: 'test', path: '/metadata/annotations', value: null },
        { op: 'add', path: '/metadata/annotations', value: {} },
        { op: 'test', path: '/metadata/annotations/example.org~1a', value: null },
        { op: 'add', path: '/metadata/annotations/example.org~1a', value: 'b' },
        { op: 'test', path: '/spec/minReadySeconds', value: null },
        { op: 'add', path: '/spec/minReadySeconds', value: 5 },
      ]),
    });
  });

  test('that changes an image needs a person', async () => {
    expect(await plan(inContainer({ image: 'web:9' }))).toMatchObject({
      result: 'planned',
      approvalReason: 'it changes spec.template.spec.containers[app].image',
    });
  });

  test('may go further where the policy allows it', async () => {
    const env = inContainer({ env: [{ name: 'LEVEL', value: 'debug' }] });
    expect(await tell(env)).toMatch(/goes too far: .*env\[LEVEL\]\.name is not changed unless the policy allows it/);
    expect(await tell({ ...env, allowPaths: ['/spec/template/spec/containers/*/env'] })).toMatch(/^patch Deployment/);
  });

  test.each<[string, PatchAction, RegExp]>([
    ['changes nothing', merge({ spec: { replicas: 2 } }), /changes nothing: Deployment shop\/cart is so already/],
    ['changes the status', { type: 'merge', patch: '{"status": {"replicas": 7}}' }, /changes nothing/],
    ['cannot be read', { patch: '[' }, /the patch cannot be applied: the patch is neither JSON nor YAML/],
    [
      'the API server refuses',
      { type: 'json', patch: '[{"op": "remove", "path": "/spec/none"}]' },
      /the patch cannot be applied: /,
    ],
    ['scales', merge({ spec: { replicas: 3 } }), /actions of type scale/],
    [
      'changes a selector and what it selects',
      merge({ spec: { template: { metadata: { labels: { app: 'x' } } } } }),
      /what a selector finds the Pods by/,
    ],
    ['runs code', inContainer({ command: ['sh'] }), /containers\[app\]\.command is never changed/],
    [
      'adds a container',
      merge({
        spec: {
          template: {
            spec: {
              containers: [
                { name: 'app', image: 'web:1' },
                { name: 'spy', image: 'spy:1' },
              ],
            },
          },
        },
      }),
      /containers\[spy\]\.name is never changed/,
    ],
    ['protects', merge({ metadata: { labels: { 'kubeskippy.io/protected': 'false' } } }), /never changed/],
    [
      'changes too much',
      merge({ metadata: { annotations: { a: 'x'.repeat(8_000), b: 'y'.repeat(300) } } }),
      /resolves to \d+ characters, and at most 8192/,
    ],
  ])('is refused that %s', async (_name, patchAction, message) => {
    expect(await tell(patchAction)).toMatch(message);
    expect(world.cluster.seen).toEqual([]);
  });

  test.each<[string, object[], string]>([
    ['takes away what is not there', [{ op: 'remove', path: '/spec/paused' }], 'there is no /spec/paused to remove'],
    [
      'replaces what an operation before has taken away',
      [
        { op: 'remove', path: '/spec/replicas' },
        { op: 'replace', path: '/spec/replicas', value: 3 },
      ],
      'there is no /spec/replicas to replace',
    ],
    [
      'adds to nothing',
      [{ op: 'add', path: '/spec/a/b', value: 1 }],
      'there is nothing that /spec/a/b could be added to',
    ],
    [
      'tests for another value',
      [{ op: 'test', path: '/spec/replicas', value: 7 }],
      '/spec/replicas does not have the value that the patch tests for',
    ],
  ])('says which operation does not fit: one that %s', async (_name, operations, message) => {
    expect(await tell({ type: 'json', patch: JSON.stringify(operations) })).toBe(
      `the patch cannot be applied: ${message}`,
    );
  });

  test.each<[string, object[], object[]]>([
    ['a changed secret', [{ name: 'API_TOKEN', value: 'a' }], [{ name: 'API_TOKEN', value: 'b' }]],
    [
      'a secret in a list that is kept whole',
      [{ name: 'API_TOKEN', value: 'a' }],
      [
        { name: 'API_TOKEN', value: 'a' },
        { name: 'LEVEL', value: 'x' },
      ],
    ],
    [
      'a secret that is there twice',
      [
        { name: 'API_TOKEN', value: 'a' },
        { name: 'API_TOKEN', value: 'b' },
      ],
      [{ name: 'LEVEL', value: 'x' }],
    ],
  ])('is refused that would put on record %s', async (_name, before, after) => {
    world.editTemplate('cart', (template) => ({
      ...template,
      spec: { containers: [{ name: 'app', image: 'web:1', env: before as never }] },
    }));
    const message = await tell({
      ...inContainer({ env: after }),
      allowPaths: ['/spec/template/spec/containers/*/env'],
    });
    expect(message).toMatch(/containers\[app\]\.env\[API_TOKEN\]\.value on record, which looks like a secret/);
  });

  test('names a few of many fields that go too far', async () => {
    const many = Object.fromEntries(Array.from({ length: 9 }, (_, index) => [`field${index}`, 1]));
    expect(await tell(merge({ spec: many }))).toMatch(/field4 is never changed by a patch; 4 more$/);
  });

  test('of a pod remembers the workload by whose health the result is told; without one it is refused', async () => {
    const labels = merge({ metadata: { labels: { quarantined: 'true' } } });
    const [pod] = world.pods('cart');
    expect(await plan(labels, pod)).toMatchObject({
      result: 'planned',
      parameters: { workloadKind: 'Deployment', workloadName: 'cart' },
    });
    expect(await tell(merge({ metadata: { labels: { app: 'elsewhere' } } }), pod)).toMatch(/what a selector finds/);
    const bare = world.api.create({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'bare', namespace: 'shop' },
      spec: {},
    });
    expect(await tell(labels, bare)).toMatch(/no workload above it/);
  });
});

describe('the preview', () => {
  /** Somebody writes between our read and the preview, so many times. */
  const meanwhile = (times: number, change: (count: number) => void): void => {
    const preview = world.cluster.preview.bind(world.cluster);
    let count = 0;
    world.cluster.preview = async (...args) => {
      if (count < times) change((count += 1));
      return preview(...args);
    };
  };
  const editSpec = (fields: object): void => {
    world.api.edit(at('Deployment', 'cart'), (object) => ({
      ...object,
      spec: { ...(object.spec as object), ...fields },
    }));
  };
  const small = merge({ spec: { minReadySeconds: 5 } });

  test('is not blamed for what others write meanwhile', async () => {
    meanwhile(1, () => {
      editSpec({ serviceAccountName: 'other' });
    });
    expect(await tell(small)).toBe('patch Deployment shop/cart: spec.minReadySeconds');
  });

  test('of a target whose status changes all the time is had all the same', async () => {
    meanwhile(100, (count) => {
      world.api.edit(at('Deployment', 'cart'), (object) => ({ ...object, status: { observedGeneration: count } }));
    });
    expect(await tell(small)).toBe('patch Deployment shop/cart: spec.minReadySeconds');
  });

  test('of a target whose spec changes all the time is given up, to be tried again', async () => {
    // Each time once more after the preview, so that no read fits.
    const get = world.cluster.get.bind(world.cluster);
    let count = 0;
    const change = (): void => {
      editSpec({ revisionHistoryLimit: (count += 1) });
    };
    meanwhile(100, change);
    world.cluster.get = async (ref) => {
      change();
      return get(ref);
    };
    await expect(plan(small)).rejects.toMatchObject({ code: 'Unavailable' });
  });

  test('of what is replaced by another of its name is gone', async () => {
    const live = target();
    meanwhile(1, () => {
      world.api.delete(at('Deployment', 'cart'));
      world.deploy('cart');
    });
    expect(await tell(small, live)).toBe('Deployment shop/cart is gone');
  });

  test('is asked for while planning, and not again', async () => {
    const template: ActionTemplate = { type: 'patch', patchAction: small };
    const gather = (more: object) =>
      patch.gather(world.cluster, { target: target(), namespace: 'shop', template, ...more });
    expect((await gather({})).map(isPatchPreview)).toEqual([true]);
    expect(await gather({ marker })).toEqual([]);
    expect(await gather({ target: undefined })).toEqual([]);
  });
});

describe('the write', () => {
  const both = merge({ spec: { minReadySeconds: 5, template: { metadata: { annotations: { note: 'x' } } } } });

  test('is not made once a field is not as it was planned from; other fields do not matter', async () => {
    const resolved = await planned(both);
    world.api.edit(at('Deployment', 'cart'), (object) => ({
      ...object,
      spec: { ...(object.spec as object), paused: true, minReadySeconds: 1 },
    }));
    expect(await execute(resolved)).toBe('spec.minReadySeconds of Deployment shop/cart was changed by someone else');
    world.api.edit(at('Deployment', 'cart'), (object) => {
      const { minReadySeconds: _gone, ...spec } = object.spec as Record<string, unknown>;
      return { ...object, spec };
    });
    expect(await execute(resolved)).toBe('written');
    expect(target()).toMatchObject({ spec: { paused: true, minReadySeconds: 5 } });
  });

  test('lost to somebody else is a conflict', async () => {
    const resolved = await planned(both);
    const live = target();
    world.api.edit(at('Deployment', 'cart'), (object) => ({
      ...object,
      spec: { ...(object.spec as object), minReadySeconds: 1 },
    }));
    expect(await execute(resolved, live)).toBe('conflict');
  });

  test('is recognised by its values when its mark is gone, and by its mark when its values are', async () => {
    const resolved = await planned(both);
    const { uid } = target().metadata;
    const seen = () => patch.confirm({ target: target(), uid, related: [], marker, ...resolved });
    await execute(resolved);
    world.api.edit(at('Deployment', 'cart'), (object) => ({
      ...object,
      metadata: { ...object.metadata, annotations: {} },
    }));
    expect(seen()).toBe('applied');
    world.api.edit(at('Deployment', 'cart'), (object) => ({
      ...object,
      spec: { ...(object.spec as object), minReadySeconds: 9 },
    }));
    expect(seen()).toBe('not-applied');
    expect(patch.confirm({ target: undefined, uid, related: [], marker, ...resolved })).toBe('not-applied');
  });

  test('is taken back field by field; when one field has a new owner, none is', async () => {
    const resolved = await planned(both);
    await execute(resolved);
    world.api.edit(at('Deployment', 'cart'), (object) => ({
      ...object,
      spec: { ...(object.spec as object), paused: true },
    }));
    expect(await takeBack(resolved)).toBe('written');
    expect(target()).toMatchObject({ spec: { paused: true } });
    expect((target() as { spec?: object }).spec).not.toHaveProperty('minReadySeconds');
  });

  test('is not taken back once somebody else has changed one of its fields', async () => {
    const resolved = await planned(both);
    await execute(resolved);
    world.api.edit(at('Deployment', 'cart'), (object) => ({
      ...object,
      spec: { ...(object.spec as object), minReadySeconds: 30 },
    }));
    const before = target();
    expect(await takeBack(resolved)).toBe('spec.minReadySeconds of Deployment shop/cart was changed by someone else');
    expect(target()).toEqual(before);
  });

  test('has a baseline that follows its own fields and no others', async () => {
    const resolved = await planned(both);
    const before = patch.baseline(target(), resolved);
    world.api.edit(at('Deployment', 'cart'), (object) => ({
      ...object,
      spec: { ...(object.spec as object), paused: true },
    }));
    expect(patch.baseline(target(), resolved)).toBe(before);
    await execute(resolved);
    expect(patch.baseline(target(), resolved)).not.toBe(before);
  });
});
