import type { Outcome } from '../src/domain/outcome.ts';
import type { OperatorCommand, StuckAt } from '../src/domain/steps.ts';
import type { ObjectRef } from '../src/domain/target-ref.ts';
import { step } from './activity-options.ts';
import type { Desk } from './desk.ts';

/** Longer than this nobody waits for an operator. */
const PATIENCE_MS = 24 * 3_600_000;

const ORDERS = {
  execute: 'retry (try again), skip (leave this action out) or abort (end it); nothing was changed',
  rollback: 'retry (try the rollback again), skip (accept the change) or abort (leave it to people)',
} as const satisfies Record<StuckAt, string>;

/** What the operator orders, or how the healing ends without one. */
export type Ordered = { readonly command: OperatorCommand } | { readonly outcome: Outcome };

/** Nothing goes on by itself any more: a person says what is done. Bounded, and over at once when the healing shall stop. */
export async function askOperator(action: ObjectRef, at: StuckAt, why: string, desk: Desk): Promise<Ordered> {
  desk.openForOperator();
  const command = `\`kubeskippy operate ${action.name} retry -n ${action.namespace}\``;
  desk.show('AwaitingOperator', `${why}. Order ${ORDERS[at]}: ${command}, or the signal \`operate\` with "retry"`);
  await step(`wait for an operator: ${why}`).awaitOperator(action, why, at);
  const ordered = await desk.command(PATIENCE_MS);
  if (ordered !== undefined) {
    desk.tell('Ordered', `${ordered}, after: ${why}`);
    return { command: ordered };
  }
  const stop = desk.stopped();
  if (stop !== undefined && at === 'execute') return { outcome: stop };
  const nobody = stop === undefined ? 'no operator came within a day' : 'it shall stop, and cannot be taken back';
  return { outcome: { reason: 'NeedsHuman', message: `${nobody}: ${why}` } };
}
