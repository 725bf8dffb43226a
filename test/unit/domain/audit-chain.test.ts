import { createHash } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { auditDigest, verifyChain, type AuditRecord } from '../../../src/domain/audit-chain.ts';

const digest = (text: string): string => createHash('sha256').update(text).digest('hex');
const strict = { digest, mayBeginLater: false, anyOrder: false };

const SUBJECT = {
  action: { namespace: 'shop', name: 'a', uid: 'u-1' },
  target: { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'shop', name: 'cart' },
};

const sealed = (record: Omit<AuditRecord, 'digest'>): AuditRecord => ({
  ...record,
  digest: auditDigest(record, digest),
});

/** Entries 1 to `count`, the last of kind `end`. */
function chain(count: number): AuditRecord[] {
  const records: AuditRecord[] = [];
  for (let seq = 1; seq <= count; seq++) {
    const prev = records.at(-1)?.digest;
    records.push(
      sealed({
        ...SUBJECT,
        seq,
        kind: seq === count ? 'end' : 'intent',
        summary: `entry ${seq}`,
        time: '2026-01-01T00:00:00.000Z',
        ...(prev === undefined ? {} : { prev }),
      }),
    );
  }
  return records;
}
const at = (records: readonly AuditRecord[], seq: number): AuditRecord => records[seq - 1]!;
const faultOf = (records: readonly AuditRecord[], rules = strict): string => {
  const { fault } = verifyChain(records, rules);
  return fault === undefined ? 'intact' : `${fault.kind} ${fault.seq}`;
};

describe('a chain', () => {
  test('that is whole is intact, and closed by its end', () => {
    expect(verifyChain(chain(5), strict)).toEqual({ entries: 5, closed: true });
    expect(verifyChain(chain(5).slice(0, 4), strict)).toEqual({ entries: 4, closed: false });
    expect(verifyChain([], strict)).toEqual({ entries: 0, closed: false });
  });

  test('whose entries were copied again is intact, and they count once', () => {
    const whole = chain(4);
    expect(verifyChain([...whole.slice(0, 3), ...whole], strict)).toEqual({ entries: 4, closed: true });
  });

  test.each<[string, (records: AuditRecord[]) => AuditRecord[], string]>([
    ['another text', (all) => all.map((r) => (r.seq === 3 ? { ...r, summary: 'other' } : r)), 'changed 3'],
    [
      'another text with its digest made to fit',
      (all) => all.map((r) => (r.seq === 3 ? sealed({ ...r, summary: 'other' }) : r)),
      'changed 3',
    ],
    ['another digest', (all) => all.map((r) => (r.seq === 3 ? { ...r, digest: 'f'.repeat(64) } : r)), 'changed 3'],
    [
      'another entry before it',
      (all) => all.map((r) => (r.seq === 3 ? { ...r, prev: 'f'.repeat(64) } : r)),
      'changed 3',
    ],
    [
      'another action',
      (all) => all.map((r) => (r.seq === 3 ? { ...r, action: { ...r.action, name: 'b' } } : r)),
      'changed 3',
    ],
    [
      'another target',
      (all) => all.map((r) => (r.seq === 3 ? { ...r, target: { ...r.target, name: 'b' } } : r)),
      'changed 3',
    ],
    ['a field more', (all) => all.map((r) => (r.seq === 3 ? { ...r, note: 'fine' } : r)), 'changed 3'],
    ['a first entry that had one before', (all) => [sealed({ ...at(all, 1), prev: 'f'.repeat(64) })], 'changed 1'],
    ['one taken out', (all) => all.filter(({ seq }) => seq !== 3), 'missing 3'],
    ['two taken out', (all) => all.filter(({ seq }) => seq !== 3 && seq !== 4), 'missing 3'],
    ['the first taken out', (all) => all.slice(1), 'missing 1'],
    ['two exchanged', (all) => [at(all, 1), at(all, 3), at(all, 2), at(all, 4), at(all, 5)], 'reordered 2'],
    ['one put in twice', (all) => [...all, sealed({ ...at(all, 3), summary: 'other' })], 'doubled 3'],
    [
      'one taken out and the rest renumbered',
      (all) => all.filter(({ seq }) => seq !== 3).map((r) => (r.seq > 3 ? { ...r, seq: r.seq - 1 } : r)),
      'changed 3',
    ],
  ])('with %s is not', (_name, tamper, fault) => {
    expect(faultOf(tamper(chain(5)))).toBe(fault);
  });

  test('of which only the newest entries are kept is intact where that is expected', () => {
    expect(faultOf(chain(9).slice(4), { ...strict, mayBeginLater: true })).toBe('intact');
    expect(verifyChain(chain(9).slice(4), strict).fault).toEqual({
      seq: 1,
      kind: 'missing',
      message: 'entries 1 to 4 are missing',
    });
  });

  test('from several logs may come in any order', () => {
    const [a, b, c, d] = chain(4) as [AuditRecord, AuditRecord, AuditRecord, AuditRecord];
    expect(faultOf([a, c, b, d])).toBe('reordered 2');
    expect(faultOf([a, c, b, d], { ...strict, anyOrder: true })).toBe('intact');
  });

  test('shows any one change of any text, wherever it is', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 6 }), fc.string(), (seq, text) => {
        const whole = chain(6);
        const records = whole.map((r) => (r.seq === seq ? { ...r, summary: text } : r));
        const same = at(whole, seq).summary === text;
        expect(faultOf(records)).toBe(same ? 'intact' : `changed ${seq}`);
      }),
    );
  });
});
