import { beforeEach, describe, expect, test } from '@jest/globals';
import { FINALIZER, markerKey } from '../../../src/api/constants.ts';
import { findCondition } from '../../../src/domain/condition.ts';
import type { ExecutionResult } from '../../../src/domain/steps.ts';
import type { ObjectRef } from '../../../src/domain/target-ref.ts';
import { StepError } from '../../../src/errors.ts';
import type { ClusterPort } from '../../../src/ports/cluster.ts';
import { at, type MemoryWorld } from '../../support/memory-world.ts';
import { accepted, acceptedOnCart, tryEffect } from '../../support/steps.ts';

let world: MemoryWorld;
let action: ObjectRef;

beforeEach(async () => {
  ({ world, action } = await acceptedOnCart());
});

const outcomeOf = (result: ExecutionResult): string =>
  result.result === 'ended' ? result.outcome.reason : result.result;
const claim = () => world.the(action).status?.claim;
const restartedAt = (): string | undefined =>
  world.deployment('cart').spec.template.metadata?.annotations?.['kubectl.kubernetes.io/restartedAt'];

describe('the effect', () => {
  test('is one write that carries its mark, and is written down', async () => {
    const result = await tryEffect(world, action);

    expect(result).toMatchObject({ result: 'executed', changed: true });
    expect(world.cluster.seen).toHaveLength(1);
    expect(restartedAt()).toBe(world.the(action).status?.plan?.parameters?.['restartedAt']);
    expect(world.deployment('cart').metadata.annotations).toEqual({ [markerKey(action.uid)]: 'execute-1' });
    expect(findCondition(world.the(action).status?.conditions, 'Executed')?.status).toBe('True');
  });

  test('holds the action by a finalizer from the claim on', async () => {
    expect(world.the(action).metadata.finalizers).toBeUndefined();
    await tryEffect(world, action);
    expect(world.the(action).metadata.finalizers).toEqual([FINALIZER]);
  });

  test('reads once what hangs on its target, and of what is like it no list that the API server has to wait for', async () => {
    const reads: string[] = [];
    const get = world.cluster.get.bind(world.cluster);
    const list = world.cluster.list.bind(world.cluster);
    Object.assign(world.cluster, {
      get: (ref: Parameters<ClusterPort['get']>[0]) => {
        reads.push(`${ref.kind} ${ref.name}`);
        return get(ref);
      },
      list: (of: Parameters<ClusterPort['list']>[0], labels?: string) => {
        reads.push(`${of.kind}s ${labels ?? ''}`);
        expect([of.kind, of.notOlderThan]).toEqual([of.kind, expect.any(String)]);
        return list(of, labels);
      },
    });
    await tryEffect(world, action);
    expect(reads).toContain('Deployment cart');
    expect(reads).toContain('Deployments ');
    expect(reads).toContain('Pods app=cart');
    expect(reads.filter((read, index) => reads.indexOf(read) !== index)).toEqual(['Deployment cart']); // for its authority by itself
    expect(world.cluster.effects).toHaveLength(1);
  });

  test.each<[string, () => Promise<'conflict' | 'gone'>, string]>([
    ['was written since it was read', () => Promise.resolve('conflict'), 'conflict'],
    ['is gone by now', () => Promise.resolve('gone'), 'Deleted'],
  ])('does not come when the action %s', async (_name, hold, outcome) => {
    Object.assign(world.ports.actions, { hold });
    expect(outcomeOf(await tryEffect(world, action))).toBe(outcome);
    expect(claim()).toBeUndefined();
    expect(world.cluster.seen).toEqual([]);
  });

  test('does not come when what was before it cannot be told', async () => {
    world.cluster.list = () => Promise.reject(new StepError('Unavailable', 'the API server is away'));
    await expect(tryEffect(world, action)).rejects.toThrow('the API server is away');
    expect(claim()).toBeUndefined();
    expect(world.cluster.seen).toEqual([]);
  });

  test('is announced before and recorded after, each entry once, also outside the cluster', async () => {
    await tryEffect(world, action);
    const audit = world.the(action).status?.audit ?? [];
    expect(audit.map(({ kind, seq }) => `${seq} ${kind}`)).toEqual(['1 claim', '2 intent', '3 outcome']);
    expect(audit[1]?.prev).toBe(audit[0]?.digest);
  });

  test('proves nothing older than itself: its generation is the baseline', async () => {
    const result = await tryEffect(world, action);
    expect(result).toMatchObject({ baseline: { generation: world.deployment('cart').metadata.generation } });
  });

  test('that is recorded is never tried again', async () => {
    await tryEffect(world, action);
    const before = world.the(action).status;
    expect(await tryEffect(world, action, { tries: 2 })).toMatchObject({ result: 'executed', changed: true });
    expect(world.the(action).status).toEqual(before);
    expect(world.cluster.effects).toHaveLength(1);
  });
});

describe('an attempt after one that broke off', () => {
  test('whose answer was lost finds the effect and does not repeat it', async () => {
    world.cluster.fault = () => 'answer lost';
    await expect(tryEffect(world, action)).rejects.toThrow('answer was lost');
    world.cluster.fault = () => undefined;

    expect(await tryEffect(world, action)).toMatchObject({ result: 'executed', baseline: { available: 2 } });
    expect(world.cluster.effects).toHaveLength(1);
    expect(world.the(action).status?.audit?.at(-1)).toMatchObject({
      kind: 'outcome',
      summary: expect.stringContaining('found done'),
    });
  });

  test('whose request was lost does it once', async () => {
    world.cluster.fault = () => 'lost';
    await expect(tryEffect(world, action)).rejects.toThrow('lost');
    world.cluster.fault = () => undefined;
    await tryEffect(world, action);
    expect(world.cluster.effects).toHaveLength(1);
  });

  test('finds the effect by its value when somebody has taken the mark away', async () => {
    world.cluster.fault = () => 'answer lost';
    await expect(tryEffect(world, action)).rejects.toThrow();
    world.cluster.fault = () => undefined;
    world.api.edit(at('Deployment', 'cart'), (object) => ({
      ...object,
      metadata: { ...object.metadata, annotations: {} },
    }));

    expect(outcomeOf(await tryEffect(world, action))).toBe('executed');
    expect(world.cluster.effects).toHaveLength(1);
  });

  test('leaves it to a person when the mark is gone and the value is another', async () => {
    world.cluster.fault = () => 'answer lost';
    await expect(tryEffect(world, action)).rejects.toThrow();
    world.cluster.fault = () => undefined;
    world.api.edit(at('Deployment', 'cart'), (object) => ({
      ...object,
      metadata: { ...object.metadata, annotations: {} },
    }));
    world.rollOut('cart', 'web:2');
    world.editTemplate('cart', ({ metadata, ...template }) => ({
      ...template,
      metadata: { labels: metadata?.labels ?? {} },
    }));

    expect(outcomeOf(await tryEffect(world, action))).toBe('NeedsHuman');
    expect(world.cluster.effects).toHaveLength(1);
    expect(claim()).toBeDefined(); // it may have happened, so its slot counts
  });

  test('leaves it to a person when the target is gone', async () => {
    world.cluster.fault = () => 'lost';
    await expect(tryEffect(world, action)).rejects.toThrow();
    world.cluster.fault = () => undefined;
    world.api.delete(at('Deployment', 'cart'));
    expect(outcomeOf(await tryEffect(world, action))).toBe('NeedsHuman');
  });

  test('keeps the baseline of before the effect, restarts included', async () => {
    const [pod] = world.pods('cart');
    world.api.edit(at('Pod', pod?.metadata.name ?? ''), (object) => ({
      ...object,
      status: { ...pod?.status, containerStatuses: [{ name: 'app', restartCount: 7 }] },
    }));
    world.cluster.fault = () => 'answer lost';
    await expect(tryEffect(world, action)).rejects.toThrow();
    world.cluster.fault = () => undefined;

    const result = await tryEffect(world, action);
    expect(result).toMatchObject({
      baseline: { available: 2, restarts: { [pod?.metadata.uid.slice(0, 13) ?? '']: 7 } },
    });
  });
});

describe('a write that the API server refuses', () => {
  test('did not happen: the claim is taken back, and the slot with it', async () => {
    world.cluster.meanwhile = () => {
      world.label('Deployment', 'cart', 'kubeskippy.io/protected', 'true');
    };
    expect(outcomeOf(await tryEffect(world, action))).toBe('conflict');
    expect(claim()).toBeUndefined();
    expect(world.the(action).status?.audit?.at(-1)).toMatchObject({ kind: 'outcome' });

    world.cluster.meanwhile = () => undefined;
    expect(outcomeOf(await tryEffect(world, action))).toBe('Refused');
    expect(world.cluster.effects).toHaveLength(0);
  });

  test('because of a change right before it is planned again, not taken for a lost effect', async () => {
    world.rollOut('cart', 'broken:2');
    const undo = world.action({ action: { name: 'back', type: 'undo' } }, 'undo');
    await accepted(world, undo);
    world.cluster.meanwhile = () => {
      world.rollOut('cart', 'broken:3');
    };
    expect(outcomeOf(await tryEffect(world, undo))).toBe('conflict');
    world.cluster.meanwhile = () => undefined;
    expect(outcomeOf(await tryEffect(world, undo))).toBe('drifted');
    expect(world.the(undo).status?.claim).toBeUndefined();
  });

  test('for good is a try that is over', async () => {
    world.cluster.refusal = 'denied by a webhook';
    expect(await tryEffect(world, action)).toEqual({ result: 'blocked', message: 'denied by a webhook' });
    expect(claim()).toBeUndefined();
  });

  test('because the target vanished in that moment cancels the action', async () => {
    world.cluster.meanwhile = () => {
      world.api.delete(at('Deployment', 'cart'));
    };
    expect(outcomeOf(await tryEffect(world, action))).toBe('TargetGone');
    expect(claim()).toBeUndefined();
  });

  test('does not take back the claim of an earlier attempt, which may still act', async () => {
    world.cluster.fault = () => 'lost';
    await expect(tryEffect(world, action)).rejects.toThrow();
    world.cluster.fault = () => undefined;
    world.cluster.refusal = 'denied by a webhook';
    await tryEffect(world, action);
    expect(claim()).toBeDefined();
  });
});

describe('marks of earlier actions', () => {
  test('are taken off when they have become many, but for those of actions that still run', async () => {
    const other = world.action({}, 'other');
    await accepted(world, other);
    const finished = Array.from({ length: 25 }, (_, index) => markerKey(`gone-${index}`));
    world.api.edit(at('Deployment', 'cart'), (object) => ({
      ...object,
      metadata: {
        ...object.metadata,
        annotations: Object.fromEntries(['keep.me/here', markerKey(other.uid), ...finished].map((key) => [key, 'x'])),
      },
    }));
    expect(outcomeOf(await tryEffect(world, action))).toBe('executed');
    expect(Object.keys(world.deployment('cart').metadata.annotations ?? {}).toSorted()).toEqual(
      ['keep.me/here', markerKey(other.uid), markerKey(action.uid)].toSorted(),
    );
  });
});
