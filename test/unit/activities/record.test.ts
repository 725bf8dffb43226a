import { beforeEach, describe, expect, test } from '@jest/globals';
import { mirrored } from '../../../activities/mirrored-audit.ts';
import { chained, changed, sha256 } from '../../../activities/record.ts';
import type { AuditEntry, HealingAction } from '../../../src/api/healing-action.ts';
import { auditRecords, verifyChain, type AuditRecord } from '../../../src/domain/audit-chain.ts';
import type { ObjectRef } from '../../../src/domain/target-ref.ts';
import { MemoryWorld } from '../../support/memory-world.ts';

const NOW = '2026-01-01T00:00:00.000Z';
const entry = { kind: 'intent', step: 'execute', attempt: 1, time: NOW } as const;
const RULES = { digest: sha256, mayBeginLater: true, anyOrder: false };

const withAudit = (action: HealingAction, audit: readonly AuditEntry[]): HealingAction => ({
  ...action,
  status: { ...action.status, audit },
});

/** An action with so many entries in its status. */
function actionWith(count: number, summary = (index: number): string => `entry ${index}`): HealingAction {
  const world = new MemoryWorld();
  let action = world.the(world.action());
  for (let index = 1; index <= count; index++)
    action = withAudit(action, chained(action, { ...entry, summary: summary(index) }));
  return action;
}

describe('the audit chain', () => {
  test('keeps its newest entries, and their numbers', () => {
    const records = auditRecords(actionWith(40));
    expect(records.map(({ seq }) => seq)).toEqual(Array.from({ length: 14 }, (_, index) => index + 27));
    expect(verifyChain(records, RULES)).toEqual({ entries: 14, closed: false });
  });

  test('is of the texts as they are kept: the digest of a long one once was of what was cut off', () => {
    const records = auditRecords(actionWith(2, () => '😀'.repeat(400)));
    expect(Array.from(records[0]?.summary ?? '')).toHaveLength(160);
    expect(verifyChain(records, RULES)).toEqual({ entries: 2, closed: false });
  });
});

describe('a change of the status', () => {
  const action = (status: HealingAction['status']): HealingAction => {
    const world = new MemoryWorld();
    return { ...world.the(world.action()), ...(status === undefined ? {} : { status }) };
  };
  const reserved = { type: 'Reserved', status: 'True', reason: 'Granted', message: 'm' } as const;

  test('derives phase and reason, and keeps when it began', () => {
    const first = changed(action(undefined), { set: [reserved] }, NOW);
    expect(first).toMatchObject({ phase: 'InProgress', reason: 'Granted', startTime: NOW });
    expect(changed(action(first), { attempts: 1 }, '2027-01-01T00:00:00.000Z')).toMatchObject({
      phase: 'InProgress',
      reason: 'Granted',
      startTime: NOW,
      attempts: 1,
    });
  });

  test('is none once the action has ended', () => {
    const end = changed(action(undefined), { set: [{ ...reserved, type: 'Succeeded', status: 'False' }] }, NOW);
    expect(changed(action(end), { attempts: 1 }, NOW)).toBeUndefined();
  });
});

describe('the copy outside the cluster', () => {
  const lines: (AuditRecord & { again: boolean })[] = [];
  const trail = { append: (record: AuditRecord, again: boolean) => void lines.push({ ...record, again }) };
  const add = (world: MemoryWorld, ref: ObjectRef, records = mirrored(world.ports.actions, trail)) =>
    records.update(ref, (latest) => changed(latest, { audit: chained(latest, entry) }, NOW));
  const copied = (): string[] => lines.map(({ seq, again }) => `${seq}${again ? ' again' : ''}`);
  beforeEach(() => {
    lines.length = 0;
  });

  test('has every entry that was written, once, also when a race was lost', async () => {
    const world = new MemoryWorld();
    const action = world.action();
    const records = mirrored(world.ports.actions, trail);
    let raced = false;
    await records.update(action, (latest) => {
      const audit = chained(latest, { ...entry, kind: 'claim' }, entry);
      if (!raced) {
        raced = true;
        world.editAction(action, (object) => ({ ...object, status: { attempts: 1 } }));
      }
      return changed(latest, { audit }, NOW);
    });
    await add(world, action, records);
    await records.update(action, () => undefined);
    expect(copied()).toEqual(['1', '2', '3']);
    expect(lines).toMatchObject(auditRecords(world.the(action)));
    expect(verifyChain(auditRecords(world.the(action)), RULES)).toEqual({ entries: 3, closed: false });
  });

  test('gets the entry of a worker that died between writing and copying it from the next one', async () => {
    const world = new MemoryWorld();
    const action = world.action();
    await add(world, action);
    await add(world, action, world.ports.actions); // written, not copied
    await add(world, action);
    expect(copied()).toEqual(['1', '1 again', '2 again', '3']);
  });

  test('gets the entry whose answer was lost', async () => {
    const world = new MemoryWorld();
    const action = world.action();
    let lost = false;
    const records = mirrored(
      {
        ...world.ports.actions,
        async update(from, change) {
          const updated = await world.ports.actions.update(from, change);
          if (!lost) {
            lost = true;
            throw new Error('the answer was lost');
          }
          return updated;
        },
      },
      trail,
    );
    await expect(add(world, action, records)).rejects.toThrow('lost');
    await records.update(action, () => undefined);
    await add(world, action, records);
    expect(copied()).toEqual(['1 again', '2']);
  });

  test('gets what an action that has ended still has', async () => {
    const world = new MemoryWorld();
    const action = world.action();
    await add(world, action, world.ports.actions);
    await mirrored(world.ports.actions, trail).update(action, () => undefined);
    expect(copied()).toEqual(['1 again']);
  });
});
