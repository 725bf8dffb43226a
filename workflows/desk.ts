import { ApplicationFailure } from '@temporalio/common';
import { CancellationScope, condition, setHandler } from '@temporalio/workflow';
import { decide, decisionFrom, type ApprovalState, type Decision } from '../src/domain/approval.ts';
import type { Outcome } from '../src/domain/outcome.ts';
import { isOperatorCommand, type OperatorCommand } from '../src/domain/steps.ts';
import { summaryOf } from './activity-options.ts';
import { openDetails } from './details.ts';
import {
  approveSignal,
  decideUpdate,
  decisionRecordedSignal,
  deletionRequestedSignal,
  operateSignal,
  operateUpdate,
  rejectSignal,
  stepQuery,
} from './messages.ts';

/** Where everything that people send to one healing arrives. Handlers only note it; the story decides when to look. */
export interface Desk {
  /** What the healing is doing now, shown in Temporal's UI. */
  show(step: string, detail: string): void;
  /** Something that happened on the way, shown there too. */
  tell(what: string, detail: string): void;
  /** From now on decisions about this plan count; open it before anybody is asked. */
  open(planDigest: string, acceptSignals: boolean): void;
  /**
   * Waits for a decision about the open plan: one that was sent, or what `look` finds. While it looks, what is sent waits:
   * the one that was written came first. `undefined` at the deadline (milliseconds) or at a stop.
   */
  decision<Found>(deadline: number, look: () => Promise<Found | undefined>): Promise<News<Found> | undefined>;
  /** The decision did not hold: another one is waited for. */
  retract(): void;
  close(): void;
  /** From now on an operator's command counts; say so before anybody is asked. */
  openForOperator(): void;
  /** Waits for the operator's command; `undefined` after the timeout or at a stop. */
  command(timeoutMs: number): Promise<OperatorCommand | undefined>;
  /** Sleeps; less long if the healing shall stop. Temporal's UI shows what for. */
  pause(ms: number, what: string): Promise<void>;
  /** Why the healing shall not act any more, if it has not acted yet. */
  stopped(): Outcome | undefined;
}

export type News<Found> = { readonly sent: Decision } | { readonly found: Found };

const CLOSED: ApprovalState = { awaiting: undefined, decided: undefined };

export function openDesk(): Desk {
  const details = openDetails();
  let approval = CLOSED;
  let acceptSignals = false;
  /** `spec.approval` may have been written since it was last read. */
  let recorded = false;
  let looking = false;
  let stop: Outcome | undefined;
  let operator: { ordered?: OperatorCommand } | undefined;
  const ignored = (text: string): void => {
    details.tell('Ignored', text);
  };

  const refusalOf = (decision: Decision): string | undefined => {
    const result = decide(approval, decision);
    if (!result.accepted) return result.why;
    return acceptSignals || decision.method === 'kubernetes'
      ? undefined
      : 'it proves nobody: this healing is decided in spec.approval of its HealingAction';
  };
  const take = (decision: Decision): string | undefined => {
    const refused = refusalOf(decision);
    if (refused === undefined) approval = { awaiting: undefined, decided: decision };
    return refused;
  };
  const onSignal =
    (decision: Decision['decision']) =>
    async (message: unknown): Promise<void> => {
      if (looking) await condition(() => !looking);
      const refused = take(decisionFrom(message, decision, 'signal', approval.awaiting));
      if (refused !== undefined) ignored(`a signal "${decision}": ${refused}`);
    };

  const refusalOfCommand = (command: unknown): string | undefined => {
    if (!isOperatorCommand(command)) return 'say retry, skip, rollback or abort';
    if (operator === undefined) return 'no operator is waited for now';
    return operator.ordered === undefined ? undefined : `${operator.ordered} was ordered already`;
  };
  const order = (command: OperatorCommand): void => {
    if (operator !== undefined) operator.ordered = command;
  };
  const refuse = (why: string): never => {
    throw ApplicationFailure.nonRetryable(why, 'Refused');
  };

  const whileSentOnesWait = async <Found>(look: () => Promise<Found | undefined>): Promise<Found | undefined> => {
    looking = true;
    try {
      const found = await look();
      if (found !== undefined) close();
      return found;
    } finally {
      looking = false;
    }
  };
  const close = (): void => {
    approval = CLOSED;
  };

  setHandler(stepQuery, () => details.step);
  setHandler(approveSignal, onSignal('Approved'), { description: 'Approve the plan that is waiting.' });
  setHandler(rejectSignal, onSignal('Rejected'), { description: 'Reject the plan that is waiting.' });
  setHandler(decisionRecordedSignal, () => {
    recorded = true;
  });
  setHandler(deletionRequestedSignal, () => {
    stop ??= { reason: 'Deleted', message: 'the HealingAction was deleted before it had an effect' };
  });
  setHandler(
    operateSignal,
    (command) => {
      const refused = refusalOfCommand(command);
      if (refused === undefined) order(command);
      else ignored(`a signal "operate": ${refused}`);
    },
    { description: 'retry, skip, rollback or abort a healing whose tries are used up.' },
  );
  setHandler(
    operateUpdate,
    (command) => {
      order(command);
      return `${command} is ordered`;
    },
    {
      description: 'retry, skip, rollback or abort, with an answer.',
      validator: (command) => {
        const refused = refusalOfCommand(command);
        if (refused !== undefined) refuse(refused);
      },
    },
  );
  setHandler(
    decideUpdate,
    async (message) => {
      if (looking) await condition(() => !looking);
      const decision = decisionFrom(message, message.decision, 'update', approval.awaiting);
      const refused = take(decision);
      if (refused !== undefined) refuse(refused);
      return `${decision.decision.toLowerCase()} plan ${decision.planDigest}`;
    },
    {
      description: 'Approve or reject, with an answer.',
      validator: (message: { readonly decision?: unknown } | undefined) => {
        const decision = message?.decision;
        if (decision !== 'Approved' && decision !== 'Rejected') return refuse('say decision Approved or Rejected');
        const refused = refusalOf(decisionFrom(message, decision, 'update', approval.awaiting));
        if (refused !== undefined) refuse(refused);
      },
    },
  );
  // A cancellation from Temporal's UI counts like an operator's abort; the story itself runs to its end.
  CancellationScope.current().cancelRequested.catch(() => {
    stop ??= { reason: 'Aborted', message: 'the workflow was cancelled before it had an effect' };
  });

  return {
    show(step, detail) {
      details.show(step, detail);
    },
    tell(what, detail) {
      details.tell(what, detail);
    },
    stopped: () => stop,
    async pause(ms, what) {
      await condition(() => stop !== undefined, ms, { summary: summaryOf(what) });
    },
    openForOperator() {
      operator = {};
    },
    async command(timeoutMs) {
      await condition(() => operator?.ordered !== undefined || stop !== undefined, timeoutMs, {
        summary: 'so long an operator is waited for',
      });
      const ordered = operator?.ordered;
      operator = undefined;
      return stop === undefined ? ordered : undefined;
    },
    open(planDigest, signalsCount) {
      approval = { awaiting: planDigest, decided: undefined };
      acceptSignals = signalsCount;
      recorded = true; // it may have been written before
    },
    retract() {
      approval = { awaiting: approval.decided?.planDigest, decided: undefined };
    },
    close,
    async decision(deadline, look) {
      for (;;) {
        if (stop !== undefined) return undefined;
        if (approval.decided !== undefined) return { sent: approval.decided };
        const left = deadline - Date.now();
        if (left <= 0) return undefined;
        await condition(() => approval.decided !== undefined || recorded || stop !== undefined, left, {
          summary: 'so long a decision is waited for',
        });
        if (!recorded) continue;
        recorded = false;
        const found = await whileSentOnesWait(look);
        if (found !== undefined) return { found };
      }
    },
  };
}
