import { REASONS } from '../src/api/constants.ts';
import { actionWorkflowId } from '../src/api/temporal-names.ts';
import type { StuckAt } from '../src/domain/steps.ts';
import type { ObjectRef } from '../src/domain/target-ref.ts';
import type { ActivityPorts } from './ports.ts';
import { asTarget, changed, type StatusChange } from './record.ts';

/** What each order would do, and what to type. */
const ORDERS: Readonly<Record<StuckAt, string>> = {
  execute: 'retry (try again), skip (leave this action out) or abort (end it)',
  rollback: 'retry (try the rollback again), skip (accept the change as it is) or abort (leave it to people)',
};
const howToOperate = ({ namespace, name, uid }: ObjectRef, at: StuckAt): string =>
  `Order ${ORDERS[at]}: kubeskippy operate ${name} retry -n ${namespace}; or send the signal "operate" with the ` +
  `argument "retry" to workflow ${actionWorkflowId(uid)}`;

const WHY_LIMIT = 300;

/**
 * Shows that nothing goes on by itself, and how a person says what is to be done. Before the effect nothing happened and
 * nothing can happen until then, so the slot and the target's lock are given back; after it they run out by themselves.
 */
export async function awaitOperator(
  { actions, events, ledger }: ActivityPorts,
  ref: ObjectRef,
  { why, at }: { readonly why: string; readonly at: StuckAt },
  now: () => Date,
): Promise<void> {
  const message = `${why.slice(0, WHY_LIMIT)}. ${howToOperate(ref, at)}`;
  const time = now().toISOString();
  const updated = await actions.update(ref, (latest) =>
    changed(latest, at === 'execute' ? beforeEffect(message) : afterEffect(message, why, time), time),
  );
  if (at === 'execute') await ledger.settle(ref.uid, false);
  if (updated !== undefined)
    events.record({
      regarding: asTarget(updated),
      type: 'Warning',
      reason: REASONS.Executed.awaitingOperator,
      action: at === 'execute' ? 'Execute' : 'RollBack',
      note: message,
    });
}

const beforeEffect = (message: string): StatusChange => ({
  set: [
    {
      type: 'Reserved',
      status: 'False',
      reason: REASONS.Reserved.settled,
      message: 'given back while a person is waited for',
    },
    { type: 'Executed', status: 'False', reason: REASONS.Executed.awaitingOperator, message },
  ],
});

const afterEffect = (message: string, why: string, time: string): StatusChange => ({
  rollback: { outcome: 'failed', message: why, time },
  set: [{ type: 'RolledBack', status: 'False', reason: REASONS.RolledBack.awaitingOperator, message }],
});
