import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { accepted, AuditLogTail, auditTime } from '../../../../src/local/demo/audit-log.ts';
import { auditEntry } from '../../../support/local/demo-objects.ts';
import { temporaryDirectory } from '../../../support/local/temporary-directory.ts';

const line = (id: string, namespace = 'demo'): string =>
  `${JSON.stringify({ ...auditEntry(0, id), objectRef: { namespace } })}\n`;

const tailOf = (file: string): AuditLogTail => new AuditLogTail(file, (text) => text.includes('"namespace":"demo"'));

test('tells each line once, as soon as it is complete', () => {
  const file = join(temporaryDirectory(), 'audit.log');
  const tail = tailOf(file);
  writeFileSync(file, line('one') + line('two').slice(0, 20));
  expect(tail.read().map(({ auditID }) => auditID)).toEqual(['one']);
  expect(tail.read()).toEqual([]);
  appendFileSync(file, line('two').slice(20) + line('three'));
  expect(tail.read().map(({ auditID }) => auditID)).toEqual(['two', 'three']);
});

test('a character of several bytes may be written in two parts', () => {
  const file = join(temporaryDirectory(), 'audit.log');
  const bytes = Buffer.from(line('grün'));
  const cut = bytes.indexOf(0xc3) + 1; // within the ü
  const tail = tailOf(file);
  writeFileSync(file, bytes.subarray(0, cut));
  expect(tail.read()).toEqual([]);
  appendFileSync(file, bytes.subarray(cut));
  expect(tail.read().map(({ auditID }) => auditID)).toEqual(['grün']);
});

test('passes over other namespaces, and over the line during which the API server was killed', () => {
  const file = join(temporaryDirectory(), 'audit.log');
  writeFileSync(file, line('other', 'kube-system') + line('torn').slice(0, 60) + line('joined') + line('whole'));
  expect(
    tailOf(file)
      .read()
      .map(({ auditID }) => auditID),
  ).toEqual(['whole']);
});

test('a log that is not there yet is empty', () => {
  expect(tailOf(join(temporaryDirectory(), 'audit.log')).read()).toEqual([]);
});

test('knows microseconds', () => {
  const entry = { ...auditEntry(0, 'id'), stageTimestamp: '2026-03-01T10:00:00.123456Z' };
  expect(auditTime(entry)).toBeCloseTo(Date.parse('2026-03-01T10:00:00.123Z') + 0.456, 2);
  expect(auditTime({ ...entry, stageTimestamp: '2026-03-01T10:00:00Z' })).toBe(Date.parse('2026-03-01T10:00:00Z'));
});

test('refusals and dry runs changed nothing', () => {
  expect(accepted(auditEntry(0, 'id'))).toBe(true);
  expect(accepted(auditEntry(0, 'id', { responseStatus: { code: 409 } }))).toBe(false);
  expect(accepted(auditEntry(0, 'id', { requestURI: '/x?dryRun=All' }))).toBe(false);
});
