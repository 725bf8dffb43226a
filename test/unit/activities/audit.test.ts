import { beforeEach, describe, expect, test } from '@jest/globals';
import { recordDecision } from '../../../activities/approve.ts';
import { recordEffect } from '../../../activities/record-effect.ts';
import { sha256 } from '../../../activities/record.ts';
import { report } from '../../../activities/report.ts';
import { rollBack } from '../../../activities/roll-back.ts';
import type { AuditEntry } from '../../../src/api/healing-action.ts';
import { auditRecords, verifyChain } from '../../../src/domain/audit-chain.ts';
import type { Baseline } from '../../../src/domain/steps.ts';
import type { ObjectRef } from '../../../src/domain/target-ref.ts';
import { MemoryWorld } from '../../support/memory-world.ts';
import { accepted, attempt, now, raise, tryEffect } from '../../support/steps.ts';

let world: MemoryWorld;
let action: ObjectRef;

const open = async (): Promise<void> => {
  world = new MemoryWorld();
  world.deploy('cart');
  world.rollOut('cart', 'broken:2');
  world.policy();
  world.badImages.add('web:1');
  action = world.action({ action: { name: 'back', type: 'undo' } });
  await accepted(world, action);
};
beforeEach(open);

const audit = (): readonly AuditEntry[] => world.the(action).status?.audit ?? [];
const short = (): string[] =>
  audit().map(({ step, kind, effect }) => [step, kind, effect].filter((word) => word !== undefined).join(' '));
const done = (): number => audit().filter(({ effect }) => effect === 'done').length;
const end = () => report(world.ports, action, { reason: 'NotHealed', message: 'it did not help' }, now);
const verdict = () =>
  verifyChain(auditRecords(world.the(action)), { digest: sha256, mayBeginLater: false, anyOrder: false });
const takeBack = (baseline: Baseline) =>
  rollBack(world.ports, action, world.the(action).status?.planDigest ?? '', baseline, attempt());

describe('the record of an action', () => {
  test('has an entry before and one after each effect, and is closed by the end', async () => {
    const result = await tryEffect(world, action);
    if (result.result !== 'executed') throw new Error(JSON.stringify(result));
    await takeBack(result.baseline);
    await end();
    expect(short()).toEqual([
      'execute claim',
      'execute intent',
      'execute outcome done',
      'rollback intent',
      'rollback outcome done',
      'end',
    ]);
    expect(verdict()).toEqual({ entries: 6, closed: true });
    expect(new Set(audit().map(({ planDigest }) => planDigest))).toEqual(
      new Set([world.the(action).status?.planDigest]),
    );
    await end();
    expect(audit()).toHaveLength(6);
  });

  test('is none where nothing was about to be changed', async () => {
    await end();
    expect(world.the(action).status?.audit).toBeUndefined();
  });

  test('says on whose word the change was claimed', async () => {
    const planDigest = world.the(action).status?.planDigest ?? '';
    await recordDecision(
      world.ports,
      action,
      planDigest,
      { decision: 'Approved', planDigest, by: 'jane', method: 'signal' },
      now,
    );
    await tryEffect(world, action);
    expect(audit()[0]).toMatchObject({
      kind: 'claim',
      summary: expect.stringMatching(/^approved by jane \(signal\): /),
    });
  });

  test('says once what two attempts have found, the one that slept and the one that came after it', async () => {
    const asleep = world.the(action);
    world.cluster.fault = () => 'answer lost';
    await expect(tryEffect(world, action)).rejects.toThrow();
    world.cluster.fault = () => undefined;
    await tryEffect(world, action);
    const baseline = { generation: 2, available: 2, restarts: {} };
    await recordEffect(world.ports, asleep, asleep.status!.plan!, undefined, attempt(), baseline);
    expect(done()).toBe(1);
    expect(verdict()).toMatchObject({ entries: 3 });
  });

  test('says once that a rollback was done, although its answer was lost', async () => {
    const result = await tryEffect(world, action);
    if (result.result !== 'executed') throw new Error(JSON.stringify(result));
    world.cluster.fault = () => 'answer lost';
    await expect(takeBack(result.baseline)).rejects.toThrow();
    world.cluster.fault = () => undefined;
    await takeBack(result.baseline);
    await takeBack(result.baseline);
    expect(short().filter((entry) => entry.startsWith('rollback outcome'))).toEqual(['rollback outcome done']);
  });

  test('has an entry before and after each part of an effect, which name it', async () => {
    world = new MemoryWorld();
    world.deploy('cart', { replicas: 3 });
    const template = { name: 'again', type: 'restart', restartAction: { strategy: 'graceful' } } as const;
    world.policy({ actions: [template] });
    const pods = world.pods('cart').map(({ metadata }) => metadata.name);
    action = world.action({ action: template });
    await accepted(world, action);
    world.cluster.refusal = 'not now';
    await tryEffect(world, action);
    world.cluster.refusal = undefined;
    for (let tries = 0; tries < 20 && done() < 3; tries++) await tryEffect(world, action);
    await end();
    expect(done()).toBe(3);
    expect(short()).toEqual([
      ...['execute claim', 'execute intent', 'execute outcome none', 'execute claim'],
      ...['execute intent', 'execute outcome done', 'execute intent', 'execute outcome done'],
      ...['execute intent', 'execute outcome done', 'end'],
    ]);
    const named = audit().filter(({ kind, effect }) => kind === 'intent' || effect === 'done');
    expect(named.slice(1, -1).map(({ summary = '' }) => pods.find((pod) => summary.includes(pod)))).not.toContain(
      undefined,
    );
    expect(verdict()).toMatchObject({ entries: 11, closed: true });
  });

  const faults = ['none', 'lost', 'answer lost', 'conflict', 'refused'] as const;
  const sequences = faults.flatMap((a) => faults.flatMap((b) => faults.map((c) => [a, b, c] as const)));

  test('has as many effects in it as there were, each announced, however the attempts broke off', async () => {
    for (const sequence of sequences) {
      await open();
      for (const fault of sequence) {
        world.cluster.fault = () => (fault === 'lost' || fault === 'answer lost' ? fault : undefined);
        world.cluster.refusal = fault === 'refused' ? 'not now' : undefined;
        world.cluster.meanwhile = () => {
          if (fault === 'conflict') world.label('Deployment', 'cart', 'edited', 'meanwhile');
        };
        await tryEffect(world, action).catch(() => undefined);
      }
      world.cluster.fault = () => undefined;
      world.cluster.refusal = undefined;
      world.cluster.meanwhile = () => undefined;
      await raise(world, action);
      await end();
      const entries = audit();
      const effects = world.cluster.effects.length;
      expect({ sequence, done: done(), effects }).toEqual({ sequence, done: effects, effects });
      const at = entries.findIndex(({ effect }) => effect === 'done');
      if (effects > 0) expect(entries.slice(0, at).some(({ kind }) => kind === 'intent')).toBe(true);
      if (entries.length > 0) expect({ sequence, ...verdict() }).toMatchObject({ sequence, closed: true });
      expect(verdict().fault).toBeUndefined();
    }
  });
});
