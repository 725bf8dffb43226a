import { REASONS } from '../src/api/constants.ts';
import type { PendingRetry } from '../src/domain/steps.ts';
import type { ObjectRef } from '../src/domain/target-ref.ts';
import type { ActivityPorts } from './ports.ts';
import { asTarget, changed } from './record.ts';

/** Shows that a try has failed, why, and when the next one comes. */
export async function reportRetry(
  { actions, events }: Pick<ActivityPorts, 'actions' | 'events'>,
  ref: ObjectRef,
  { tries, used, of, why, nextAt }: PendingRetry,
  now: () => Date,
): Promise<void> {
  const message = `try ${used} of ${of} failed: ${why}; the next comes at ${new Date(nextAt).toISOString()}`;
  const updated = await actions.update(ref, (latest) =>
    changed(
      latest,
      {
        attempts: Math.max(latest.status?.attempts ?? 0, tries),
        set: [{ type: 'Executed', status: 'False', reason: REASONS.Executed.retrying, message }],
      },
      now().toISOString(),
    ),
  );
  if (updated !== undefined)
    events.record({
      regarding: asTarget(updated),
      type: 'Warning',
      reason: REASONS.Executed.retrying,
      action: 'Execute',
      note: message,
    });
}
