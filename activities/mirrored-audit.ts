import type { AuditEntry } from '../src/api/healing-action.ts';
import type { AuditTrail } from '../src/ports/audit-trail.ts';
import type { ActionRecords } from '../src/ports/records.ts';

/** The same records, which copy every audit entry that they write to the trail. */
export const mirrored = (actions: ActionRecords, trail: AuditTrail): ActionRecords => ({
  ...actions,
  async update(from, change) {
    let written: readonly AuditEntry[] = [];
    const updated = await actions.update(from, (latest) => {
      const status = change(latest);
      const last = latest.status?.audit?.at(-1)?.seq ?? 0;
      written = (status?.audit ?? []).filter(({ seq }) => seq > last);
      return status;
    });
    if (updated !== undefined) {
      const { namespace = '', name, uid } = updated.metadata;
      for (const entry of written) trail.append({ namespace, name, uid }, entry);
    }
    return updated;
  },
});
