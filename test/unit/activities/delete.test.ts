import { beforeEach, describe, expect, test } from '@jest/globals';
import { accept } from '../../../activities/accept.ts';
import { rollBack } from '../../../activities/roll-back.ts';
import { measure } from '../../../activities/verify.ts';
import { markerKey } from '../../../src/api/constants.ts';
import type { HealingActionSpec } from '../../../src/api/healing-action.ts';
import type { ObjectMeta } from '../../../src/api/meta.ts';
import type { Baseline } from '../../../src/domain/steps.ts';
import type { ObjectRef } from '../../../src/domain/target-ref.ts';
import { at, MemoryWorld, NAMESPACE } from '../../support/memory-world.ts';
import { accepted, attempt, now, raise, tryEffect } from '../../support/steps.ts';

let world: MemoryWorld;
let action: ObjectRef;
const NONE: Baseline = { generation: 0, available: 0, restarts: {} };

beforeEach(() => {
  world = new MemoryWorld();
  world.policy({
    actions: [
      { name: 'remove', type: 'delete', deleteAction: { gracePeriodSeconds: 7 } },
      { name: 'remove-for-good', type: 'delete', deleteAction: { keepManifest: true } },
      { name: 'force', type: 'delete', deleteAction: { force: true } },
    ],
  });
});

/** A pod that nothing controls. */
const bare = (meta: Partial<ObjectMeta> = {}): void => {
  const spec = { containers: [{ name: 'app', image: 'web:1' }] };
  const metadata = { name: 'runner', namespace: NAMESPACE, labels: { app: 'runner' }, ...meta };
  world.api.create({ apiVersion: 'v1', kind: 'Pod', metadata, spec, status: { phase: 'Running' } });
};
const act = (name: string, of: HealingActionSpec['targetResource'], as = 'heal'): void => {
  const specs = {
    remove: { gracePeriodSeconds: 7 },
    'remove-for-good': { keepManifest: true },
    force: { force: true },
  };
  const deleteAction = specs[name as keyof typeof specs];
  action = world.action({ targetResource: of, action: { name, type: 'delete', deleteAction } }, as);
};
const pod = (name: string) => ({ apiVersion: 'v1', kind: 'Pod', name });
const approve = (): void => {
  world.editAction(action, (object) => ({
    ...object,
    status: {
      ...object.status,
      approval: {
        required: true,
        approved: true,
        approvedBy: 'alice',
        method: 'update',
        planDigest: object.status?.planDigest ?? '',
      },
    },
  }));
};
const find = (kind: string, name: string) => world.api.find(at(kind, name));
const deletions = () => world.cluster.seen.filter(({ write }) => write.type === 'delete');
const look = () =>
  measure(world.ports, action, world.the(action).status?.planDigest ?? '', { baseline: NONE, elapsedMs: 0 }, now);
const takeBack = () => rollBack(world.ports, action, world.the(action).status?.planDigest ?? '', NONE, attempt());

describe('the deletion of a controlled pod', () => {
  let name: string;
  beforeEach(async () => {
    world.deploy('cart');
    name = world.pods('cart')[0]?.metadata.name ?? '';
    act('remove', pod(name));
    await accepted(world, action);
  });

  test('claims it, then deletes exactly the version that it has claimed; what replaces it must be healthy', async () => {
    expect(await tryEffect(world, action)).toMatchObject({ result: 'executed' });
    expect(find('Pod', name)).toBeUndefined();
    expect(world.cluster.seen.map(({ write, effect }) => [write.type, effect])).toEqual([
      ['patch', false],
      ['delete', true],
    ]);
    expect(deletions()[0]?.write).toMatchObject({ resourceVersion: expect.any(String), gracePeriodSeconds: 7 });
    expect(world.the(action).status?.result?.changes).toMatchObject([
      { changeType: 'delete', resourceRef: `Pod/shop/${name}`, newValue: 'deleted' },
    ]);
    expect(await look()).toMatchObject({ state: 'healthy', detail: expect.stringContaining('Deployment cart') });
  });

  test('is not made on what was written between claim and deletion, and is not given up for that', async () => {
    let writes = 0;
    world.cluster.meanwhile = ({ type }) => {
      writes += 1;
      if (type === 'delete' && writes < 4) world.label('Pod', name, 'status', String(writes));
    };
    expect(await tryEffect(world, action)).toMatchObject({ result: 'conflict' });
    expect(find('Pod', name)).toBeDefined();
    expect(await tryEffect(world, action)).toMatchObject({ result: 'executed' });
    expect(world.cluster.effects).toHaveLength(1);
  });

  test('whose answer was lost is found done', async () => {
    world.cluster.fault = ({ type }) => (type === 'delete' ? 'answer lost' : undefined);
    await expect(tryEffect(world, action)).rejects.toThrow();
    world.cluster.fault = () => undefined;
    expect(await tryEffect(world, action)).toMatchObject({ result: 'executed' });
    expect(deletions()).toHaveLength(1);
  });

  test('that sleeps is stopped by the fence', async () => {
    const gate = Promise.withResolvers<undefined>();
    const asleep = Promise.withResolvers<undefined>();
    world.cluster.meanwhile = async ({ type }) => {
      if (type !== 'delete') return;
      asleep.resolve(undefined);
      await gate.promise;
    };
    const slow = tryEffect(world, action);
    await asleep.promise;
    expect(await raise(world, action)).toEqual({ result: 'clear' });
    gate.resolve(undefined);
    expect(await slow).toMatchObject({ result: 'conflict' });
    expect(find('Pod', name)).toBeDefined();
  });

  test('is refused by protection that comes in the last moment', async () => {
    world.cluster.meanwhile = ({ type }) => {
      if (type === 'patch') world.label('Pod', name, 'kubeskippy.io/protected', 'true');
    };
    expect(await tryEffect(world, action)).toMatchObject({ result: 'conflict' });
    expect(await tryEffect(world, action)).toMatchObject({ result: 'ended', outcome: { reason: 'Refused' } });
    expect(find('Pod', name)).toBeDefined();
  });

  test('leaves everything as it is in a dry run', async () => {
    const before = find('Pod', name);
    expect(await tryEffect(world, action, { dryRun: true })).toMatchObject({ changed: false });
    expect(find('Pod', name)).toEqual(before);
    expect(world.cluster.seen.map(({ write, options }) => [write.type, options.dryRun])).toEqual([
      ['patch', true],
      ['delete', true],
    ]);
  });

  test('cannot be taken back, and the plan has said so', async () => {
    expect(world.the(action).status?.plan).toMatchObject({ reversible: false });
    await tryEffect(world, action);
    expect(await takeBack()).toMatchObject({ result: 'not-possible' });
  });
});

describe('the deletion of what nothing makes again', () => {
  beforeEach(async () => {
    bare({ annotations: { team: 'a' } });
    act('remove-for-good', pod('runner'));
    await accepted(world, action);
  });

  test('waits for a person, who is told why, and that it can be taken back', async () => {
    expect(await accept(world.ports, action, now)).toMatchObject({
      result: 'accepted',
      reversible: true,
      approval: { required: true, why: expect.stringContaining('nothing would make again') },
    });
    expect(await tryEffect(world, action)).toMatchObject({ result: 'drifted' });
    expect(find('Pod', 'runner')).toBeDefined();
  });

  test('is refused by a policy that does not speak of it', async () => {
    act('remove', pod('runner'), 'another');
    expect(await accept(world.ports, action, now)).toMatchObject({
      outcome: { reason: 'Refused', message: expect.stringContaining('keepManifest') },
    });
  });

  test('is proven by its being gone', async () => {
    approve();
    expect(await tryEffect(world, action)).toMatchObject({ result: 'executed' });
    expect(await look()).toMatchObject({ state: 'healthy' });
  });

  describe('taken back', () => {
    beforeEach(async () => {
      approve();
      await tryEffect(world, action);
    });

    test('makes it again as it was, once, and says that it is a new object', async () => {
      const taken = await takeBack();
      const made = world.api.get(at('Pod', 'runner'));
      expect(taken).toMatchObject({ result: 'rolled-back', message: expect.stringContaining(made.metadata.uid) });
      expect(made).toMatchObject({
        metadata: {
          labels: { app: 'runner' },
          annotations: { team: 'a', [`kubeskippy.io/reverted-${action.uid}`]: 'rollback-1' },
        },
        spec: { containers: [{ name: 'app', image: 'web:1' }] },
      });
      expect(made.metadata.annotations).not.toHaveProperty([markerKey(action.uid)]);
      expect(world.the(action).status?.rollback).toMatchObject({ outcome: 'done' });
      expect(await takeBack()).toMatchObject({ result: 'rolled-back' });
      expect(world.cluster.effects.map(({ write }) => write.type)).toEqual(['delete', 'create']);
    });

    test('whose answer was lost is found done', async () => {
      world.cluster.fault = () => 'answer lost';
      await expect(takeBack()).rejects.toThrow();
      world.cluster.fault = () => undefined;
      expect(await takeBack()).toMatchObject({ result: 'rolled-back' });
      expect(world.cluster.effects).toHaveLength(2);
    });

    test('is left to who made another one meanwhile', async () => {
      bare({ annotations: { mine: 'yes' } });
      const before = find('Pod', 'runner');
      expect(await takeBack()).toMatchObject({ result: 'taken-over', message: expect.stringContaining('another') });
      expect(find('Pod', 'runner')).toEqual(before);
    });

    test('loses to who makes another one in that moment', async () => {
      world.cluster.meanwhile = ({ type }) => {
        world.cluster.meanwhile = () => undefined;
        if (type === 'create') bare({ annotations: { mine: 'yes' } });
      };
      expect(await takeBack()).toMatchObject({ result: 'conflict' });
      expect(await takeBack()).toMatchObject({ result: 'taken-over' });
      expect(find('Pod', 'runner')?.metadata.annotations).toEqual({ mine: 'yes' });
    });

    test('makes nothing that the record does not vouch for', async () => {
      world.editAction(action, (object) => {
        const { plan } = object.status ?? {};
        if (plan === undefined) throw new Error('no plan');
        return { ...object, status: { ...object.status, plan: { ...plan, change: '{"kind":"Pod"}' } } };
      });
      expect(await takeBack()).toMatchObject({ result: 'not-possible' });
      expect(find('Pod', 'runner')).toBeUndefined();
    });

    test('makes nothing in a namespace that is protected by now', async () => {
      world.settings.protectedNamespaces = [NAMESPACE];
      expect(await takeBack()).toMatchObject({ result: 'taken-over' });
      expect(find('Pod', 'runner')).toBeUndefined();
    });
  });

  test('that was found done is not taken back: who did it cannot be told', async () => {
    approve();
    world.cluster.fault = ({ type }) => (type === 'delete' ? 'answer lost' : undefined);
    await expect(tryEffect(world, action)).rejects.toThrow();
    world.cluster.fault = () => undefined;
    expect(await tryEffect(world, action)).toMatchObject({ result: 'executed' });
    expect(await takeBack()).toMatchObject({ result: 'taken-over', message: expect.stringContaining('plan.change') });
    expect(find('Pod', 'runner')).toBeUndefined();
  });
});

test('a Deployment that is made again by somebody else is looked at under its name', async () => {
  world.deploy('cart');
  world.rollOut('cart', 'web:2');
  act('remove-for-good', { apiVersion: 'apps/v1', kind: 'Deployment', name: 'cart' });
  await accepted(world, action);
  approve();
  expect(await tryEffect(world, action)).toMatchObject({ result: 'executed' });
  expect(world.pods('cart')).toEqual([]);
  expect(await look()).toMatchObject({ state: 'healthy', detail: expect.stringContaining('gone') });
  world.deploy('cart', { image: 'broken:1' });
  expect(await look()).toMatchObject({ state: 'settling' });
  world.rollOut('cart', 'web:3');
  expect(await look()).toMatchObject({ state: 'healthy', detail: expect.stringContaining('Deployment cart') });
});

describe('a forced deletion', () => {
  beforeEach(async () => {
    world.deploy('cart');
    const name = world.pods('cart')[0]?.metadata.name ?? '';
    world.api.edit(at('Pod', name), (object) => ({ ...object, metadata: { ...object.metadata, finalizers: ['a/b'] } }));
    act('force', pod(name));
    await accepted(world, action);
    approve();
  });
  const name = (): string => world.the(action).spec.targetResource.name;

  test('takes the finalizers away, so that the pod goes at once', async () => {
    expect(await tryEffect(world, action)).toMatchObject({ result: 'executed' });
    expect(find('Pod', name())).toBeUndefined();
  });

  test('that was broken off in between is gone on with', async () => {
    world.cluster.fault = ({ type }) => (type === 'delete' ? 'lost' : undefined);
    await expect(tryEffect(world, action)).rejects.toThrow();
    world.cluster.fault = () => undefined;
    expect(find('Pod', name())?.metadata.finalizers ?? []).toEqual([]);
    expect(await tryEffect(world, action)).toMatchObject({ result: 'executed' });
    expect(find('Pod', name())).toBeUndefined();
  });

  test('that is given up in between needs a person', async () => {
    world.cluster.fault = ({ type }) => (type === 'delete' ? 'lost' : undefined);
    await expect(tryEffect(world, action)).rejects.toThrow();
    world.cluster.fault = () => undefined;
    expect(await raise(world, action)).toMatchObject({
      result: 'unknown',
      message: expect.stringContaining('finalizers'),
    });
  });
});
