import type { AuditRecord } from '../domain/audit-chain.ts';

/** What tells the lines of the record from others in the same stream. */
const MARK = 'kubeskippy';

/** One JSON line for each audit entry: the copy that does not live in the cluster it is about. */
export const auditLine = (record: AuditRecord, again: boolean): string =>
  JSON.stringify({ audit: MARK, ...(again ? { again } : {}), ...record });

/** On stdout, which belongs to the record alone: logs go to stderr. */
export function writeAuditLine(record: AuditRecord, again: boolean): void {
  process.stdout.write(`${auditLine(record, again)}\n`);
}

/**
 * The entry that a line carries, with whatever else somebody has put into it: its digest covers that too. Undefined for a
 * line that is none of ours; throws when it is one of ours and no entry.
 */
export function readAuditLine(line: string): AuditRecord | undefined {
  if (!line.includes(`"audit":"${MARK}"`)) return undefined;
  const { audit, again: _, ...record } = JSON.parse(line) as AuditRecord & Readonly<Record<string, unknown>>;
  if (audit !== MARK) return undefined; // the words stand inside another text
  if (!Number.isInteger(record.seq) || typeof record.action !== 'object' || typeof record.action.uid !== 'string')
    throw new TypeError('an entry has a number (seq) and names its action');
  return record;
}
