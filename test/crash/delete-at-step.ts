import type { Lane } from './lane.ts';
import type { Step } from './steps.ts';
import { Strike } from './strike.ts';
import type { Trial } from './trial.ts';
import { FIRST_ARRIVES_WITHIN_MS, within } from './within.ts';

/**
 * A person deletes the healing while this write of it is on its way, which goes on once `passed` has resolved. It may have
 * been too late or not; what may not be is that it says the one and does the other.
 */
export async function deleteAtStep(
  lane: Lane,
  trial: Trial,
  step: Step,
  passed: () => Promise<void> = () => Promise.resolve(),
): Promise<void> {
  const strike = new Strike(trial.namespace, step, 'before');
  lane.proxy.add(strike.rule);
  await trial.begin();
  await within(FIRST_ARRIVES_WITHIN_MS, strike.arrived, [trial]);
  trial.noteUnfired(strike.unfired); // what comes to its step later was deleted somewhere else
  await trial.delete();
  await passed();
  strike.letGo('on');
  await trial.ended();
  lane.proxy.remove(strike.rule);
  trial.lingers = !(await lane.workflowEnds(trial.action?.metadata.uid ?? ''));
}
