import { beforeEach, describe, expect, test } from '@jest/globals';
import { report } from '../../../activities/report.ts';
import { measure } from '../../../activities/verify.ts';
import type { HealingActionSpec } from '../../../src/api/healing-action.ts';
import type { Job } from '../../../src/api/workloads.ts';
import type { Baseline } from '../../../src/domain/steps.ts';
import type { ObjectRef } from '../../../src/domain/target-ref.ts';
import { heldJob } from '../../support/held-job.ts';
import { finishJob } from '../../support/memory-jobs.ts';
import { at, MemoryWorld } from '../../support/memory-world.ts';
import { accepted, attempt, now, raise, tryEffect } from '../../support/steps.ts';

let world: MemoryWorld;
let action: ObjectRef;
const NONE: Baseline = { generation: 0, available: 0, restarts: {} };
const fix = { name: 'fix', type: 'custom', customAction: { podTemplateName: 'fix' }, requiresApproval: false } as const;

beforeEach(() => {
  world = new MemoryWorld();
  world.deploy('cart');
  world.policy({ actions: [fix] });
});

const begin = async (image = 'fixer:1', over: Partial<HealingActionSpec> = {}): Promise<void> => {
  world.podTemplate('fix', image);
  action = world.action({ action: fix, ...over });
  await accepted(world, action);
};
const only = (): Job => {
  const [job, ...others] = world.jobs();
  if (job === undefined || others.length > 0) throw new Error(`there are ${world.jobs().length} Jobs`);
  return job;
};
const lost = async (fault: 'lost' | 'answer lost'): Promise<void> => {
  world.cluster.fault = ({ type }) => (type === 'create' ? fault : undefined);
  await expect(tryEffect(world, action)).rejects.toThrow();
  world.cluster.fault = () => undefined;
};
const look = () =>
  measure(world.ports, action, world.the(action).status?.planDigest ?? '', { baseline: NONE, elapsedMs: 0 }, now);
const end = () => report(world.ports, action, { reason: 'Healed', message: 'well' }, now);
/** Somebody removes it by force. */
const remove = (kind: string, name: string): void => {
  world.api.edit(at(kind, name), (object) => ({ ...object, metadata: { ...object.metadata, finalizers: [] } }));
  world.api.delete(at(kind, name));
};

describe('a custom action', () => {
  test('creates one Job, and is recorded as its effect', async () => {
    await begin();
    expect(await tryEffect(world, action)).toMatchObject({ result: 'executed' });
    expect(only().metadata.name).toContain(action.uid);
    expect(world.the(action).status?.result?.changes).toMatchObject([
      { changeType: 'create', resourceRef: `Job/shop/${only().metadata.name}`, field: 'Job' },
    ]);
    expect(await tryEffect(world, action)).toMatchObject({ result: 'executed' });
    expect(world.cluster.effects).toHaveLength(1);
  });

  test('whose answer was lost is found done, by the Job', async () => {
    await begin();
    await lost('answer lost');
    expect(await tryEffect(world, action)).toMatchObject({ result: 'executed' });
    expect(world.cluster.effects).toHaveLength(1);
  });

  test('that was lost on its way is done once', async () => {
    await begin();
    await lost('lost');
    expect(world.jobs()).toEqual([]);
    expect(await tryEffect(world, action)).toMatchObject({ result: 'executed' });
    expect(world.cluster.effects).toHaveLength(1);
  });

  test('writes nothing in a dry run', async () => {
    await begin();
    expect(await tryEffect(world, action, { dryRun: true })).toMatchObject({ changed: false });
    expect(world.jobs()).toEqual([]);
    expect(world.cluster.seen.map(({ options }) => options.dryRun)).toEqual([true]);
  });

  test.each([false, true])('says in a namespace that is being deleted what ends it (dry run: %s)', async (dryRun) => {
    await begin();
    world.cluster.ending = true;
    expect(await tryEffect(world, action, { dryRun })).toMatchObject({
      result: 'ended',
      outcome: { reason: 'TargetGone', message: expect.stringMatching(/^namespace shop is gone or being deleted/) },
    });
    expect(world.jobs()).toEqual([]);
  });

  test('is planned anew when the template is another by now, and can be done then', async () => {
    await begin();
    await lost('lost');
    world.api.delete(at('PodTemplate', 'fix'));
    world.podTemplate('fix', 'fixer:2');
    expect(await tryEffect(world, action)).toMatchObject({ result: 'drifted' });
    await accepted(world, action);
    expect(await tryEffect(world, action)).toMatchObject({ result: 'executed' });
    expect(world.cluster.effects).toHaveLength(1);
    expect(world.jobs().map(({ spec }) => spec.template.spec.containers[0]?.image)).toContain('fixer:2');
  });

  test('that somebody has removed, pods and all but one, is not done again', async () => {
    await begin();
    await lost('answer lost');
    remove('Job', only().metadata.name);
    expect(await tryEffect(world, action)).toMatchObject({
      result: 'ended',
      outcome: { reason: 'NeedsHuman', message: expect.stringContaining('removed it') },
    });
    expect(world.cluster.effects).toHaveLength(1);
  });
});

describe('its fence', () => {
  test('takes the name, so that a sleeper cannot create the Job any more', async () => {
    await begin();
    const gate = Promise.withResolvers<undefined>();
    const asleep = Promise.withResolvers<undefined>();
    world.cluster.meanwhile = async ({ type }) => {
      if (type !== 'create') return;
      world.cluster.meanwhile = () => undefined;
      asleep.resolve(undefined);
      await gate.promise;
    };
    const slow = tryEffect(world, action);
    await asleep.promise;
    expect(await raise(world, action)).toEqual({ result: 'clear' });
    gate.resolve(undefined);
    expect(await slow).toMatchObject({ result: 'conflict' });
    expect(only().spec.suspend).toBe(true);
    expect(world.cluster.effects).toHaveLength(0);
    expect(world.pods('cart')).toHaveLength(2);
  });

  test('finds the Job that came first, also in that very moment', async () => {
    await begin();
    await lost('lost');
    world.cluster.meanwhile = async ({ type }) => {
      world.cluster.meanwhile = () => undefined;
      if (type === 'create') await tryEffect(world, action);
    };
    expect(await raise(world, action)).toMatchObject({ result: 'executed' });
    expect(world.cluster.effects).toHaveLength(1);
  });

  test('holds also when the target is gone', async () => {
    await begin();
    await lost('lost');
    world.api.delete(at('Deployment', 'cart'));
    expect(await raise(world, action)).toEqual({ result: 'clear' });
    expect(only().spec.suspend).toBe(true);
  });

  test('leaves another try to an operator, under another name', async () => {
    await begin();
    await lost('lost');
    await raise(world, action);
    expect(await tryEffect(world, action, { tries: 2, claim: 2 })).toMatchObject({ result: 'executed' });
    expect(world.cluster.effects).toHaveLength(1);
    expect(world.jobs()).toHaveLength(2);
  });

  test('that is refused proves nothing', async () => {
    await begin();
    await lost('lost');
    world.cluster.refusal = 'denied by quota';
    expect(await raise(world, action)).toMatchObject({ result: 'unknown' });
  });

  test('is not needed in a namespace that is being deleted: no sleeper can create anything there', async () => {
    await begin();
    await lost('lost');
    world.cluster.ending = true;
    expect(await raise(world, action)).toEqual({ result: 'clear' });
    expect(await tryEffect(world, action)).not.toMatchObject({ result: 'executed' });
    expect(world.jobs()).toEqual([]);
  });

  test('does not take a Job of somebody else for the effect', async () => {
    await begin();
    await lost('lost');
    await raise(world, action);
    const { name } = only().metadata;
    world.api.delete(at('Job', name));
    world.api.create({
      ...at('Job', name),
      metadata: { name, namespace: 'shop' },
      spec: { template: { spec: { containers: [] } } },
    });
    await lost('lost');
    expect(await raise(world, action)).toMatchObject({
      result: 'unknown',
      message: expect.stringContaining('somebody else'),
    });
  });
});

describe('its result', () => {
  test('is awaited, and then the target has to be healthy', async () => {
    await begin('slow:1');
    await tryEffect(world, action);
    expect(await look()).toMatchObject({ state: 'settling', detail: expect.stringContaining('Job ks-') });
    finishJob(world.api, only(), 0);
    expect(await look()).toMatchObject({ state: 'healthy', detail: expect.stringContaining('Deployment cart') });
    world.rollOut('cart', 'broken:2');
    expect(await look()).toMatchObject({ state: 'settling', detail: expect.not.stringContaining('Job') });
  });

  test('that is a failure is one at once', async () => {
    await begin('fails:1');
    await tryEffect(world, action);
    expect(await look()).toMatchObject({
      state: 'failed',
      detail: expect.stringMatching(/BackoffLimitExceeded.*ended with 3: ended/),
    });
  });

  test('of a Job that somebody has removed is lost', async () => {
    await begin('slow:1');
    await tryEffect(world, action);
    remove('Job', only().metadata.name);
    expect(await look()).toMatchObject({ state: 'lost' });
  });

  test('for a pod includes what the pod itself shows', async () => {
    const [pod] = world.pods('cart');
    const name = pod?.metadata.name ?? '';
    await begin('fixer:1', {
      targetResource: { apiVersion: 'v1', kind: 'Pod', name },
      trigger: {
        name: 'crash',
        type: 'condition',
        condition: { type: 'CrashLoopBackOff' },
        subject: `Pod/shop/${name}`,
      },
    });
    await tryEffect(world, action);
    expect(await look()).toMatchObject({ state: 'healthy' });
    world.api.edit(at('Pod', name), (object) => ({
      ...object,
      status: {
        ...(object.status as object),
        containerStatuses: [
          { name: 'app', restartCount: 3, ready: true, state: { waiting: { reason: 'CrashLoopBackOff' } } },
        ],
      },
    }));
    expect(await look()).toMatchObject({ state: 'settling', detail: expect.stringContaining('still firing') });
  });
});

describe('the end', () => {
  test('lets the Job go, which is held until then', async () => {
    await begin();
    await tryEffect(world, action);
    world.api.delete(at('Job', only().metadata.name));
    expect(only().metadata.finalizers).toEqual(['kubeskippy.io/finalizer']);
    await end();
    expect(world.jobs()).toEqual([]);
  });

  test('keeps it for its logs, but not for ever', async () => {
    await begin();
    await tryEffect(world, action);
    await end();
    expect(only()).toMatchObject({ spec: { ttlSecondsAfterFinished: 86_400 } });
    expect(only().metadata.finalizers ?? []).toEqual([]);
  });

  test('lets it go also when somebody has removed the action by force', async () => {
    await begin();
    await tryEffect(world, action);
    remove('HealingAction', 'heal');
    await end();
    expect(only().metadata.finalizers ?? []).toEqual([]);
  });

  test('is the end, and says so, also when the Job cannot be let go', async () => {
    await begin();
    await tryEffect(world, action);
    world.cluster.refusal = 'forbidden';
    expect(await end()).toMatchObject({ reason: 'Healed' });
    expect(world.events).toContainEqual(expect.objectContaining({ reason: 'StillHeld' }));
    expect(world.logged).toMatchObject([{ uid: action.uid, object: only().metadata.name, why: 'forbidden' }]);
  });

  test('says so also when the action is gone, and lets go of all that can be let go', async () => {
    await begin();
    await tryEffect(world, action);
    world.api.create(heldJob('ks-another', action));
    remove('HealingAction', 'heal');
    const { name } = world.jobs().find(({ metadata }) => metadata.name !== 'ks-another')?.metadata ?? { name: '' };
    world.cluster.meanwhile = ({ target }) => {
      world.cluster.refusal = target.name === name ? 'forbidden' : undefined;
    };
    expect(await end()).toMatchObject({ reason: 'Healed' });
    expect(world.logged).toMatchObject([{ uid: action.uid, object: name, why: 'forbidden' }]);
    expect(world.events).toContainEqual(
      expect.objectContaining({ reason: 'StillHeld', regarding: expect.objectContaining({ uid: action.uid }) }),
    );
    expect(world.api.find(at('Job', 'ks-another'))?.metadata.finalizers ?? []).toEqual([]);
  });

  test('writes nothing but the finalizer of a Job that is being deleted', async () => {
    await begin();
    await tryEffect(world, action);
    world.api.edit(at('Job', only().metadata.name), (job) => ({
      ...job,
      metadata: { ...job.metadata, finalizers: ['kubeskippy.io/finalizer', 'a/b'] },
    }));
    world.api.delete(at('Job', only().metadata.name));
    await end();
    expect(only().metadata.finalizers).toEqual(['a/b']);
    expect(only().spec).not.toHaveProperty('ttlSecondsAfterFinished');
  });

  test('waits for a Job that is written all the time', async () => {
    await begin();
    await tryEffect(world, action);
    let edits = 0;
    world.cluster.meanwhile = () => {
      edits += 1;
      world.api.edit(at('Job', only().metadata.name), (job) => ({
        ...job,
        metadata: { ...job.metadata, finalizers: ['kubeskippy.io/finalizer', `a/b${edits}`] },
      }));
    };
    await expect(end()).rejects.toMatchObject({ code: 'Unavailable' });
    world.cluster.meanwhile = () => undefined;
    await end();
    expect(only().metadata.finalizers).toEqual([`a/b${edits}`]);
  });
});

test('an attempt that comes late creates nothing', async () => {
  await begin();
  const late = tryEffect(world, action, {}, attempt({ deadline: Date.now() + 100 }));
  await expect(late).rejects.toMatchObject({ code: 'Unavailable' });
  expect(world.jobs()).toEqual([]);
});
