import { expect, test } from '@jest/globals';
import { authors, distinct, writesOfNobody } from '../../crash/swarm/attribution.ts';
import type { Sighting } from '../../crash/oracle/history.ts';
import type { AuditEvent } from '../../support/audit-log.ts';
import { mark, sighting, write } from '../../support/planted-history.ts';

const at = (version: number, marks: readonly string[], more: Partial<Sighting> = {}): Sighting => ({
  ...sighting(version, `state-${version}`),
  marks,
  ...more,
});
const deletion = (auditID: string, more: Partial<AuditEvent> = {}): AuditEvent =>
  write({ auditID, verb: 'delete', ...more });
const authorsOf = (sightings: readonly Sighting[], writes: readonly AuditEvent[] = []) => {
  const authorOf = authors(sightings, writes, ['a', 'b']);
  return sightings.map((sighting) => authorOf(sighting));
};

test('a change is of the action whose mark appears with it', () => {
  const sightings = [
    at(1, []),
    at(2, ['applied-a']),
    at(3, ['applied-a', 'applied-b']),
    at(4, ['applied-a', 'applied-b', 'reverted-b']),
  ];
  expect(authorsOf(sightings)).toEqual([undefined, 'a', 'b', 'b']);
});

test('one with which no mark appears is nobody’s, and so is one with which two do', () => {
  expect(authorsOf([at(1, ['applied-a']), at(2, ['applied-a'])])).toEqual(['a', undefined]);
  expect(authorsOf([at(1, []), at(2, ['applied-a', 'applied-b'])])).toEqual([undefined, undefined]);
});

test('what is gone is of the one that had claimed it and asked for its deletion', () => {
  const claimed = [at(1, []), at(2, ['applied-a', 'applied-b'], { state: 'gone' })];
  expect(authorsOf(claimed, [deletion('ks/b/execute/1.1.1')])).toEqual([undefined, 'b']);
  expect(authorsOf(claimed, [deletion('ks/b/execute/1.1.1', { responseStatus: { code: 504 } })])).toEqual([
    undefined,
    'b',
  ]);
  expect(authorsOf(claimed, [deletion('ks/b/execute/1.1.1', { responseStatus: { code: 409 } })])[1]).toBeUndefined();
  expect(authorsOf(claimed, [deletion('ks/a/execute/1.1.1'), deletion('ks/b/execute/1.1.1')])[1]).toBeUndefined();
  expect(authorsOf(claimed)[1]).toBeUndefined();
});

test('a Job is of the action in its name', () => {
  expect(authorsOf([at(1, [], { key: 'jobs/ks-b-1-0123' })])).toEqual(['b']);
});

test('what changes to and fro has changed each time; what is gone stays gone', () => {
  const [there, back] = [at(1, [], { state: 'x' }), at(2, [], { state: 'x' })].map(distinct);
  expect(there?.state).not.toBe(back?.state);
  expect(distinct(at(3, [], { state: 'gone' })).state).toBe('gone');
});

test('a write that carries the uid of no action is nobody’s', () => {
  const stray = write({ auditID: '0123' });
  expect(
    writesOfNobody(
      [stray, { ...mark, auditID: '0124' }, deletion('ks/a/execute/1.1.1')],
      ['a', 'b'],
      ['deployments/cart'],
    ),
  ).toEqual(['patch deployments/cart [0123]']);
});
