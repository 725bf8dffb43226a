import type { HealingAction } from '../../api/healing-action.ts';
import { isSuccess, isTerminal, type OutcomeReason } from '../../domain/outcome.ts';
import { findCondition, isTrue } from '../../domain/condition.ts';
import { waitsFor } from '../action-rows.ts';

export interface NextStep {
  /** Ready to be pasted into a shell. */
  readonly command: string;
  readonly what: string;
}

/** What a person can do about it now; `program` is how the person calls us. */
export function nextSteps(action: HealingAction, program: string): readonly NextStep[] {
  const { metadata, status } = action;
  const at = `${metadata.name} -n ${metadata.namespace ?? 'default'}`;
  const ours = (verb: string): string => `${program} ${verb} ${at}`;
  const audit = status?.audit === undefined ? [] : [{ command: ours('audit'), what: 'the record of what was written' }];
  if (isTerminal(status?.conditions)) {
    const reason = findCondition(status?.conditions, 'Succeeded')?.reason as OutcomeReason;
    return [
      ...(isSuccess(reason) ? [] : [{ command: ours('retry'), what: 'try the same again, as a new action' }]),
      ...audit,
    ];
  }
  const remove = {
    command: `kubectl delete healingaction ${at}`,
    what:
      status?.claim === undefined && !isTrue(status?.conditions, 'Executed')
        ? 'call it off: nothing has been changed yet'
        : 'end it: what was changed is verified or rolled back first',
  };
  const operate = (order: string): string =>
    `${program} operate ${metadata.name} ${order} -n ${metadata.namespace ?? 'default'}`;
  switch (waitsFor(action)) {
    case 'approval':
      return [
        { command: `${ours('approve')} --comment '…'`, what: 'carry out the plan' },
        { command: `${ours('reject')} --comment '…'`, what: 'do nothing' },
        remove,
      ];
    case 'operator':
      return [
        { command: operate('retry'), what: 'another round of tries' },
        { command: operate('skip'), what: 'leave this action out; its policy may go on to the next one' },
        { command: operate('abort'), what: 'give up; nothing was changed' },
        remove,
        ...audit,
      ];
    case 'rollback operator':
      return [
        { command: operate('retry'), what: 'try the rollback again' },
        { command: operate('skip'), what: 'accept the change as it is' },
        { command: operate('abort'), what: 'leave it to people; the change stays' },
        ...audit,
      ];
    case undefined:
      return [remove, ...audit];
  }
}
