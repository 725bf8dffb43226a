import { isSuccess, isTerminal, type Outcome } from '../src/domain/outcome.ts';
import type { ObjectRef } from '../src/domain/target-ref.ts';
import { letGo } from './let-go.ts';
import type { ActivityPorts } from './ports.ts';
import { ending, finalOutcome } from './ending.ts';
import { asTarget, changed, hasBegun } from './record.ts';

/**
 * The end: the terminal status, once; then the slot and the lock are given back, the policy is told, and the finalizer
 * goes. In this order, so that a crash in between repeats only what is safe to repeat.
 */
export async function report(
  ports: ActivityPorts,
  ref: ObjectRef,
  outcome: Outcome,
  now: () => Date,
): Promise<Outcome> {
  const { actions, events, ledger, mailbox } = ports;
  const success = isSuccess(outcome.reason);
  const time = now().toISOString();
  const updated = await actions.update(ref, (latest) => changed(latest, ending(latest, outcome, time), time));
  const ended =
    updated !== undefined && isTerminal(updated.status?.conditions)
      ? finalOutcome(updated.status?.conditions, outcome)
      : outcome;
  // Without a record nobody can tell any more: the slot counts as used.
  const hadEffect = updated === undefined || hasBegun(updated);
  await ledger.settle(ref.uid, hadEffect);
  if (updated !== undefined) {
    events.record({
      regarding: asTarget(updated),
      type: success ? 'Normal' : 'Warning',
      reason: ended.reason,
      action: 'Report',
      note: ended.message,
    });
    const policyUid = updated.spec.policyRef.uid;
    if (policyUid !== undefined) await mailbox.actionEnded(policyUid, { uid: ref.uid, reason: ended.reason });
  }
  await letGo(ports, ref, updated);
  await actions.release(ref);
  return ended;
}
