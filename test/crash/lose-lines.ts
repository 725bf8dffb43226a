import type { Disturbance } from './cell.ts';
import { deleteAtStep } from './delete-at-step.ts';
import type { Lane } from './lane.ts';
import type { Trial } from './trial.ts';
import type { WatchTap } from './watch-tap.ts';
import { within } from './within.ts';

const LOST_WITHIN_MS = 10_000;

/** The watcher does not hear that a healing was asked for, agreed to, or deleted just before its effect. */
export async function loseLines(
  tap: WatchTap,
  lane: Lane,
  trial: Trial,
  { moment, loss, effect }: Extract<Disturbance, { kind: 'watch' }>,
): Promise<void> {
  const planned = tap.lose(trial.namespace, moment, loss);
  if (moment === 'deletion') await deleteAtStep(lane, trial, effect, () => within(LOST_WITHIN_MS, planned.struck, []));
  else {
    await trial.begin();
    await trial.ended();
  }
  tap.forget(planned);
  trial.noteUnfired(planned.lines === 0 ? 'no line of the watch was lost' : undefined);
}
