import { beforeEach, describe, expect, test } from '@jest/globals';
import { raiseFence } from '../../../activities/raise-fence.ts';
import { actionFor, supportsKind } from '../../../src/actions/index.ts';
import type { ActionDefinition, Effect, Marker, Parameters, PlanResult } from '../../../src/actions/define-action.ts';
import type { ActionTemplate } from '../../../src/api/healing-action.ts';
import type { KubeObject } from '../../../src/api/meta.ts';
import type { Write, WriteResult } from '../../../src/ports/cluster.ts';
import { at, MemoryWorld, NAMESPACE } from '../../support/memory-world.ts';
import { forAction } from '../../support/objects.ts';

/** What every action keeps to, whatever it does. A new action is one row more. */
const later: Partial<ActionTemplate> = {
  patchAction: {
    type: 'merge',
    patch:
      '{"spec": {"minReadySeconds": 5, "template": {"metadata": {"annotations": {"example.org/note": "<a & b>"}}}}}',
  },
};
const noted: Partial<ActionTemplate> = {
  patchAction: { patches: [{ path: ['metadata', 'annotations', 'example.org/note'], value: 'true' }] },
};
const up: Partial<ActionTemplate> = { scaleAction: { direction: 'up', replicas: 1 } };
const kept: Partial<ActionTemplate> = { deleteAction: { keepManifest: true } };
const job: Partial<ActionTemplate> = { customAction: { podTemplateName: 'fix' } };
const contracts: [
  ActionTemplate['type'],
  'Deployment' | 'StatefulSet' | 'DaemonSet' | 'Pod',
  Partial<ActionTemplate>?,
][] = [
  ['patch', 'Deployment', later],
  ['patch', 'StatefulSet', later],
  ['patch', 'DaemonSet', later],
  ['patch', 'Pod', noted],
  ['restart', 'Deployment'],
  ['restart', 'StatefulSet'],
  ['restart', 'DaemonSet'],
  ['restart', 'Pod'],
  ['scale', 'Deployment', up],
  ['scale', 'StatefulSet', up],
  ['undo', 'Deployment'],
  ['undo', 'StatefulSet'],
  ['undo', 'DaemonSet'],
  ['delete', 'Pod'],
  ['delete', 'Deployment', kept],
  ['delete', 'StatefulSet', kept],
  ['delete', 'DaemonSet', kept],
  ['custom', 'Pod', job],
  ['custom', 'Deployment', job],
  ['custom', 'StatefulSet', job],
  ['custom', 'DaemonSet', job],
];

const MARKER = { key: 'kubeskippy.io/applied-x', value: 'execute-1' };
const REVERTED = { key: 'kubeskippy.io/reverted-x', value: 'rollback-1' };

type Planned = Extract<PlanResult, { result: 'planned' }>;

describe.each(contracts)('%s of a %s', (type, kind, settings = {}) => {
  const template: ActionTemplate = { type, ...settings };
  let world: MemoryWorld;
  let definition: ActionDefinition;
  let name: string;
  let planned: Planned;
  let parameters: Parameters;

  beforeEach(async () => {
    world = new MemoryWorld();
    const workload = kind === 'Pod' ? 'Deployment' : kind;
    world.createWorkload(workload, 'cart');
    world.rollOut('cart', 'broken:2', workload);
    world.podTemplate('fix');
    name = kind === 'Pod' ? (world.pods('cart')[0]?.metadata.name ?? '') : 'cart';
    const found = actionFor(type);
    if (found === undefined) throw new Error(`no action ${type}`);
    definition = found;
    const result = await plan();
    if (result.result !== 'planned') throw new Error(result.message);
    planned = result;
    ({ parameters } = planned);
  });

  const target = (): KubeObject => world.api.get(at(kind, name));
  const gather = (live: KubeObject | undefined, marker?: Marker) =>
    definition.gather(world.cluster, {
      target: live,
      namespace: NAMESPACE,
      template,
      ...(marker === undefined ? {} : { marker, parameters }),
    });
  const plan = async () =>
    definition.plan({
      target: target(),
      related: await gather(target()),
      template,
      stamp: '2026-01-01T00:00:00.000Z',
      seenGood: [],
      failed: [],
      ...forAction,
    });
  const effect = async (live = target()): Promise<Effect> =>
    definition.execute({
      target: live,
      related: await gather(live, MARKER),
      ...resolved(),
      marker: MARKER,
    });
  const resolved = () => ({ parameters, ...(planned.change === undefined ? {} : { change: planned.change }) });
  const send = async (writes: readonly (Write | undefined)[], dryRun = false): Promise<WriteResult | undefined> => {
    let last: WriteResult | undefined;
    for (const write of writes) {
      if (write === undefined) continue;
      last = await world.cluster.write(write, { auditId: 'x', dryRun, deadline: Date.now() + 10_000 });
      if (last.result !== 'written') break;
    }
    return last;
  };
  const doIt = async (live?: KubeObject, dryRun = false): Promise<string> => {
    const found = await effect(live);
    if (found.result !== 'effect') return found.result;
    return (await send([found.claim, found.write], dryRun))?.result ?? 'nothing';
  };

  test('applies to this kind', () => {
    expect(supportsKind(definition, at(kind, name))).toBe(true);
    expect(supportsKind(definition, { apiVersion: 'example.org/v1', kind })).toBe(false);
  });

  test('is planned in absolute values that the status can hold', async () => {
    expect(await plan()).toEqual(await plan());
    expect(planned.change?.length ?? 0).toBeLessThanOrEqual(8_192);
    expect(Object.keys(parameters).length).toBeLessThanOrEqual(12);
    for (const value of Object.values(parameters)) expect(value.length).toBeLessThanOrEqual(256);
  });

  test('plans and prepares without a write', async () => {
    await plan();
    await effect();
    expect(world.cluster.seen).toEqual([]);
  });

  test('writes nothing in a dry run', async () => {
    const before = target();
    expect(await doIt(undefined, true)).toBe('written');
    expect(target()).toEqual(before);
  });

  test('is seen once it is done, and not before', async () => {
    const uid = target().metadata.uid;
    const seen = async () => {
      const live = world.api.find(at(kind, name));
      const related = await gather(live, MARKER);
      return definition.confirm({ target: live, uid, ...resolved(), related, marker: MARKER });
    };
    const before = definition.baseline(target(), resolved());
    expect(await seen()).toBe('not-applied');
    expect(definition.baseline(target(), resolved())).toBe(before);
    const first = await effect();
    expect(await doIt()).toBe('written');
    const whole = first.result === 'effect' && first.unfinished !== true;
    expect(await seen()).toEqual(whole ? 'applied' : { partly: expect.any(String) });
  });

  test('cannot be done once its fence is raised', async () => {
    const live = target();
    const found = await effect(live);
    if (found.result !== 'effect') throw new Error(found.message);
    const occupied = definition.occupy?.({ namespace: NAMESPACE, parameters, marker: MARKER });
    const options = { number: 1, deadline: Date.now() + 10_000, auditId: 'x', now: () => new Date() };
    const raised =
      occupied === undefined
        ? await raiseFence(world.cluster, found.on ?? live, MARKER, options)
        : await send([occupied]);
    expect(raised?.result).toBe('written');
    expect((await send([found.claim, found.write]))?.result).toBe('conflict');
    expect(world.cluster.effects).toHaveLength(0);
  });

  test('a second time changes nothing, from the same read or another', async () => {
    const live = target();
    await doIt(live);
    const after = world.api.find(at(kind, name));
    expect(await doIt(live)).not.toBe('written');
    expect(world.api.find(at(kind, name))).toEqual(after);
    expect(world.cluster.effects).toHaveLength(1);
  });

  test('does not touch another object of the same name', async () => {
    const live = target();
    const other = { ...live, metadata: { ...live.metadata, uid: 'another' } };
    const found = await effect(live);
    if (found.result !== 'effect') throw new Error(found.message);
    world.api.onChange = () => undefined;
    world.api.delete(at(kind, name));
    world.api.create(other);
    const before = world.api.get(at(kind, name));
    // What creates an object of its own cannot test the target in the same write; it tells its program which one is meant.
    expect((await send([found.claim, found.write]))?.result).toBe(
      definition.occupy === undefined ? 'conflict' : 'written',
    );
    expect(world.api.get(at(kind, name))).toEqual(before);
  });

  test('says what it changes, in texts', async () => {
    const found = await effect();
    if (found.result !== 'effect') throw new Error(found.message);
    expect(found.changes.length).toBeGreaterThan(0);
    for (const change of found.changes)
      expect(change).toMatchObject({ field: expect.stringMatching(/./), newValue: expect.any(String) });
  });

  test('has an inverse that gives back exactly what was there, or none', async () => {
    const before = target();
    await doIt();
    const live = world.api.find(at(kind, name));
    const inverse =
      live === undefined
        ? definition.recreate?.({ ...resolved(), marker: REVERTED })
        : definition.inverse({ target: live, related: await gather(live, REVERTED), ...resolved(), marker: REVERTED });
    expect(inverse !== undefined).toBe(planned.reversible ?? definition.reversible);
    if (inverse?.result !== 'effect') return;
    expect((await send([inverse.write]))?.result).toBe('written');
    const { spec, metadata } = world.api.get(at(kind, name));
    expect(spec).toEqual((before as { spec?: unknown }).spec);
    expect(metadata.annotations).toEqual({
      ...before.metadata.annotations,
      ...(live === undefined ? {} : { [MARKER.key]: MARKER.value }), // a new object carries no old marks
      [REVERTED.key]: REVERTED.value,
    });
  });
});
