import { REASONS } from '../api/constants.ts';
import type { HealingAction } from '../api/healing-action.ts';
import type { Decision } from '../domain/approval.ts';
import { findCondition } from '../domain/condition.ts';
import { isTerminal } from '../domain/outcome.ts';

export type Verdict = Decision['decision'];

/** Whether a decision about this action can be made now. */
export type Decidable =
  | { readonly decidable: 'yes'; readonly planDigest: string }
  /** It has been decided as it is wished now. */
  | { readonly decidable: 'done'; readonly message: string }
  | { readonly decidable: 'no'; readonly message: string };

const no = (message: string): Decidable => ({ decidable: 'no', message });

export function decidable(action: HealingAction, wish: Verdict): Decidable {
  const { status, spec } = action;
  const succeeded = findCondition(status?.conditions, 'Succeeded');
  const approved = findCondition(status?.conditions, 'Approved');
  const by = status?.approval?.approvedBy;
  if (by !== undefined && approved !== undefined && approved.status !== 'Unknown') {
    const was = status?.approval?.approved === true ? 'Approved' : 'Rejected';
    const message = `it was ${was.toLowerCase()} by ${by} already`;
    return was === wish ? { decidable: 'done', message } : no(`${message}; a decision is final`);
  }
  if (isTerminal(status?.conditions))
    return no(`it has ended already: ${succeeded?.reason ?? ''}: ${succeeded?.message ?? ''}`);
  if (approved?.reason === REASONS.Approved.notRequired) return no('it needs no approval, and does not wait for any');
  if (status?.planDigest === undefined)
    return no('there is no plan yet that could be decided on; look again in a moment');
  if (approved?.reason !== REASONS.Approved.waiting) return no('it does not wait for a decision');
  const written = spec.approval;
  if (written?.planDigest === status.planDigest && written.decision !== wish)
    return no(
      `${written.decision} is written already${written.by === undefined ? '' : ` by ${written.by}`}; a decision is final`,
    );
  return { decidable: 'yes', planDigest: status.planDigest };
}

/** What became of a decision that was written. */
export type Reception =
  | { readonly reception: 'recorded'; readonly message: string }
  | { readonly reception: 'refused'; readonly message: string }
  | { readonly reception: 'waiting' };

/** By the action as it is now; `undefined` once it is gone. */
export function receptionOf(action: HealingAction | undefined, wish: Verdict, planDigest: string): Reception {
  if (action === undefined) return { reception: 'refused', message: 'the HealingAction was deleted meanwhile' };
  const { status } = action;
  const { approval, conditions } = status ?? {};
  const approved = findCondition(conditions, 'Approved');
  const succeeded = findCondition(conditions, 'Succeeded');
  if (approval?.planDigest === planDigest && approval.approvedBy !== undefined) {
    const is = approval.approved ? 'Approved' : 'Rejected';
    const who = `${approval.approvedBy}${approval.verified === true ? '' : ' (identity not proven)'}`;
    const message = `${is.toLowerCase()} by ${who}`;
    if (is === wish) return { reception: 'recorded', message };
    return { reception: 'refused', message: `another decision came first: ${message}` };
  }
  if (isTerminal(conditions))
    return {
      reception: 'refused',
      message: `the healing has ended: ${succeeded?.reason ?? ''}: ${succeeded?.message ?? ''}`,
    };
  if (status?.planDigest !== planDigest)
    return {
      reception: 'refused',
      message: `the target has changed, so that another plan waits now (${status?.planDigest ?? 'none yet'}): look at it and decide again`,
    };
  if (approved?.status === 'Unknown' && approved.reason !== REASONS.Approved.waiting)
    return { reception: 'refused', message: approved.message };
  return { reception: 'waiting' };
}
