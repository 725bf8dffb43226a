import type { Disturbance } from './cell.ts';
import type { Lane } from './lane.ts';
import { Strike } from './strike.ts';
import type { Trial } from './trial.ts';
import type { WatchTap } from './watch-tap.ts';
import { FIRST_ARRIVES_WITHIN_MS, within } from './within.ts';

const LOST_WITHIN_MS = 10_000;

/** The watcher does not hear that a healing was asked for, agreed to, or deleted just before its effect. */
export async function loseLines(
  tap: WatchTap,
  lane: Lane,
  trial: Trial,
  { moment, loss, effect }: Extract<Disturbance, { kind: 'watch' }>,
): Promise<void> {
  const planned = tap.lose(trial.namespace, moment, loss);
  await trial.begin();
  if (moment === 'deletion') {
    const strike = new Strike(trial.namespace, effect, 'before');
    lane.proxy.add(strike.rule);
    await within(FIRST_ARRIVES_WITHIN_MS, strike.arrived, [trial]);
    await trial.delete();
    await within(LOST_WITHIN_MS, planned.struck, []);
    strike.letGo('on');
    await trial.ended();
    lane.proxy.remove(strike.rule);
    trial.noteUnfired(strike.unfired);
    trial.lingers = !(await lane.workflowEnds(trial.action?.metadata.uid ?? ''));
  } else await trial.ended();
  tap.forget(planned);
  trial.noteUnfired(planned.lines === 0 ? 'no line of the watch was lost' : undefined);
}
