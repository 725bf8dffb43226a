import { createHash } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { auditDigest, type AuditRecord } from '../../../src/domain/audit-chain.ts';
import { auditLine, readAuditLine } from '../../../src/telemetry/audit-line.ts';

const record: AuditRecord = {
  action: { namespace: 'shop', name: 'a', uid: 'u-1' },
  target: { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'shop', name: 'cart' },
  seq: 1,
  kind: 'claim',
  summary: 'restart "cart"\nnow',
  time: '2026-01-01T00:00:00.000Z',
  digest: 'd',
};

test('an entry is one line, and is read back as it was', () => {
  for (const again of [false, true]) {
    const line = auditLine(record, again);
    expect(line).not.toContain('\n');
    expect(readAuditLine(line)).toEqual(record);
  }
});

test('its digest is that of the line without its mark and the digest itself, keys sorted: no tool of ours is needed', () => {
  const digest = (text: string): string => createHash('sha256').update(text).digest('hex');
  const { audit: _a, again: _b, digest: _c, ...said } = JSON.parse(auditLine(record, true)) as Record<string, unknown>;
  const sorted = JSON.stringify(said, [
    'action',
    'apiVersion',
    'kind',
    'name',
    'namespace',
    'seq',
    'summary',
    'target',
    'time',
    'uid',
  ]);
  expect(auditDigest(record, digest)).toBe(digest(sorted));
});

test('other lines of a log are none of ours', () => {
  expect(readAuditLine('')).toBeUndefined();
  expect(readAuditLine('worker is running')).toBeUndefined();
  expect(readAuditLine('{"level":30,"msg":"worker is running"}')).toBeUndefined();
  expect(readAuditLine('{"msg":"\\"audit\\":\\"kubeskippy\\""}')).toBeUndefined();
  expect(readAuditLine('{"inner":{"audit":"kubeskippy"}}')).toBeUndefined();
});

test('a line of ours that is broken is an error, never overlooked', () => {
  expect(() => readAuditLine(auditLine(record, false).slice(0, -10))).toThrow();
  expect(() => readAuditLine('{"audit":"kubeskippy","seq":1}')).toThrow('names its action');
  expect(() => readAuditLine('{"audit":"kubeskippy","action":{"uid":"u"}}')).toThrow('a number');
});
