import type { AuditEntry } from '../api/healing-action.ts';
import type { ObjectRef } from '../domain/target-ref.ts';

/** A copy of every audit entry outside the cluster's own database, in the order of writing. */
export interface AuditTrail {
  append(action: ObjectRef, entry: AuditEntry): void;
}
