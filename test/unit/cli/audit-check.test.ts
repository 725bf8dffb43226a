import { describe, expect, test } from '@jest/globals';
import { AuditReader, check, compare } from '../../../src/cli/audit/check.ts';
import { auditLines } from '../../../src/cli/audit/show.ts';
import { noPaint } from '../../../src/cli/output/paint.ts';
import { auditRecords } from '../../../src/domain/audit-chain.ts';
import { auditLine } from '../../../src/telemetry/audit-line.ts';
import { HEALED } from '../../support/cli/told-actions.ts';

const STRICT = { mayBeginLater: false, anyOrder: false };
const records = auditRecords(HEALED);
const lines = records.map((record) => auditLine(record, false));

const read = (text: readonly string[]): AuditReader => {
  const reader = new AuditReader();
  for (const line of text) reader.take(line);
  return reader;
};

describe('a file', () => {
  test('is read whatever else is in it', () => {
    const { records: found, unreadable } = read(['', 'worker is running', ...lines, '{"level":30}', lines[0]!]);
    expect(found).toEqual([...records, records[0]]);
    expect(unreadable).toEqual([]);
    expect(check(found, STRICT)).toEqual([{ action: records[0]!.action, verdict: { entries: 4, closed: true } }]);
  });

  test('whose line was cut is not passed over', () => {
    expect(read([lines[0]!, lines[1]!.slice(0, -20)]).unreadable).toMatchObject([{ line: 2 }]);
  });

  test('that has less, or something else, than the status is found out', () => {
    expect(compare(records, records)).toEqual([]);
    expect(compare(records.slice(0, 3), records)).toEqual([
      { action: records[0]!.action, message: 'entry 4 is in the status and not in the file' },
    ]);
    const other = records.map((record) => (record.seq === 2 ? { ...record, digest: 'f'.repeat(64) } : record));
    expect(compare(other, records)).toMatchObject([{ message: expect.stringMatching(/^entry 2 is another one/) }]);
    expect(compare(records, records.slice(2))).toEqual([]);
  });
});

test('the record of an action is a table', () => {
  const [head, ...rows] = auditLines(records, noPaint);
  expect(head).toMatch(/^SEQ +TIME +STEP +ENTRY +EFFECT +TRY +PLAN +DIGEST +WHAT$/);
  expect(rows).toHaveLength(4);
  expect(rows[2]).toMatch(/^3 +2026-11-25T12:01:01.200Z +execute +outcome +done +1 +0123456789ab +[0-9a-f]{12} +undo /);
});
