import type { AuditRecord } from '../domain/audit-chain.ts';

/** A copy of every audit entry outside the cluster's own database, in the order of writing. */
export interface AuditTrail {
  /** `again`: it was in the status before, so that it may have been copied already. */
  append(record: AuditRecord, again: boolean): void;
}
