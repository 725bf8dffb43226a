import type { AuditEntry } from '../api/healing-action.ts';
import type { ObjectRef } from '../domain/target-ref.ts';

/** One JSON line on stdout for each audit entry: the copy that does not live in the cluster it is about. */
export function auditLine(action: ObjectRef, entry: AuditEntry): void {
  process.stdout.write(`${JSON.stringify({ audit: 'kubeskippy', action, ...entry })}\n`);
}
