import type { HealingAction } from '../src/api/healing-action.ts';
import { auditRecords } from '../src/domain/audit-chain.ts';
import type { AuditTrail } from '../src/ports/audit-trail.ts';
import type { ActionRecords } from '../src/ports/records.ts';

/** Of so many actions this process remembers how far it has copied them; of others it copies entries again. */
const MAX_REMEMBERED = 10_000;

/**
 * The same records, which copy every audit entry to the trail. Whoever wrote an entry may have died, or lost the answer,
 * before it was copied: so a process that meets an action for the first time copies all that its status has.
 */
export function mirrored(actions: ActionRecords, trail: AuditTrail): ActionRecords {
  const copied = new Map<string, number>();

  const copy = (action: HealingAction, before: number): void => {
    const { uid } = action.metadata;
    const done = copied.get(uid) ?? 0;
    const records = auditRecords(action).filter(({ seq }) => seq > done);
    for (const record of records) trail.append(record, record.seq <= before);
    copied.delete(uid); // so that the one met longest ago comes first
    copied.set(uid, records.at(-1)?.seq ?? done);
    const [oldest] = copied.keys();
    if (copied.size > MAX_REMEMBERED && oldest !== undefined) copied.delete(oldest);
  };

  return {
    ...actions,
    async update(from, change) {
      let before = 0;
      const updated = await actions.update(from, (latest) => {
        before = latest.status?.audit?.at(-1)?.seq ?? 0;
        return change(latest);
      });
      if (updated?.status?.audit !== undefined) copy(updated, before);
      return updated;
    },
  };
}
