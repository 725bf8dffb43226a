import { createHash } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { mirrored } from '../../../activities/mirrored-audit.ts';
import { chained, changed } from '../../../activities/record.ts';
import type { AuditEntry, HealingAction } from '../../../src/api/healing-action.ts';
import { canonical } from '../../../src/domain/canonical.ts';
import { MemoryWorld } from '../../support/memory-world.ts';

const NOW = '2026-01-01T00:00:00.000Z';
const entry = { kind: 'intent', step: 'execute', attempt: 1, time: NOW } as const;

/** What is wrong with a chain; by the rule as a reader of the status would check it. */
const faults = (chain: readonly AuditEntry[]): string[] =>
  chain.flatMap(({ digest, ...linked }, index) => [
    ...(createHash('sha256').update(canonical(linked)).digest('hex') === digest ? [] : [`${linked.seq}: digest`]),
    ...(index === 0 || linked.prev === chain[index - 1]?.digest ? [] : [`${linked.seq}: prev`]),
    ...(index === 0 || linked.seq === (chain[index - 1]?.seq ?? 0) + 1 ? [] : [`${linked.seq}: seq`]),
  ]);

const chainOf = (count: number, summary = (index: number): string => `entry ${index}`): readonly AuditEntry[] => {
  let chain: readonly AuditEntry[] = [];
  for (let index = 1; index <= count; index++) chain = chained(chain, { ...entry, summary: summary(index) });
  return chain;
};

describe('the audit chain', () => {
  test('shows that an entry was changed, taken out or moved', () => {
    const chain = chainOf(5);
    expect(faults(chain)).toEqual([]);
    expect(faults(chain.map((item) => (item.seq === 3 ? { ...item, summary: 'other' } : item)))).toEqual(['3: digest']);
    expect(faults(chain.filter(({ seq }) => seq !== 3))).toEqual(['4: prev', '4: seq']);
    const [a, b, c] = chain;
    expect(faults([a, c, b].flatMap((item) => item ?? []))).not.toEqual([]);
  });

  test('keeps its newest entries, and their numbers', () => {
    const chain = chainOf(40);
    expect(chain.map(({ seq }) => seq)).toEqual(Array.from({ length: 16 }, (_, index) => index + 25));
    expect(faults(chain)).toEqual([]);
  });

  test('is of the texts as they are kept: the digest of a long one once was of what was cut off', () => {
    const chain = chainOf(2, () => '😀'.repeat(400));
    expect(Array.from(chain[0]?.summary ?? '')).toHaveLength(160);
    expect(faults(chain)).toEqual([]);
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
  test('has every entry that was written, once, also when a race was lost', async () => {
    const world = new MemoryWorld();
    const action = world.action();
    const records = mirrored(world.ports.actions, world.ports.audit);
    let raced = false;
    await records.update(action, (latest) => {
      const audit = chained(chained(latest.status?.audit, { ...entry, kind: 'claim' }), entry);
      if (!raced) {
        raced = true;
        world.editAction(action, (object) => ({ ...object, status: { attempts: 1 } }));
      }
      return changed(latest, { audit }, NOW);
    });
    await records.update(action, (latest) => changed(latest, { audit: chained(latest.status?.audit, entry) }, NOW));
    await records.update(action, () => undefined);
    expect(world.audit).toEqual(world.the(action).status?.audit);
    expect(faults(world.audit)).toEqual([]);
  });
});
