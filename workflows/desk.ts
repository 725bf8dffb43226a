import { CancellationScope, condition, setCurrentDetails, setHandler } from '@temporalio/workflow';
import { decide, type ApprovalState, type Decision, type DecisionMessage } from '../src/domain/approval.ts';
import type { Outcome } from '../src/domain/outcome.ts';
import type { OperatorCommand } from '../src/domain/steps.ts';
import {
  approveSignal,
  decideUpdate,
  decisionRecordedSignal,
  deletionRequestedSignal,
  operateSignal,
  rejectSignal,
  stepQuery,
} from './messages.ts';
import { ApplicationFailure } from '@temporalio/common';

/** Where everything that people send to one healing arrives. Handlers only note it; the story decides when to look. */
export interface Desk {
  /** What the healing is doing now, shown in Temporal's UI. */
  show(step: string, detail: string): void;
  /** Opens the desk for decisions about one plan; `undefined` after the timeout or a stop. */
  decision(
    planDigest: string,
    acceptSignals: boolean,
    timeoutMs: number,
    read: ReadDecision,
  ): Promise<Decision | undefined>;
  /** Waits for an operator's command; `undefined` after the timeout. */
  command(timeoutMs: number): Promise<OperatorCommand | undefined>;
  /** Sleeps; true at once if the healing shall stop. */
  pause(ms: number): Promise<boolean>;
  /** Why the healing shall not act any more, if it has not acted yet. */
  stopped(): Outcome | undefined;
}

/** Reads `spec.approval` from the API server. */
export type ReadDecision = () => Promise<Decision | undefined>;

export function openDesk(): Desk {
  let step = 'starting';
  let approval: ApprovalState = { awaiting: undefined, decided: undefined };
  let acceptSignals = false;
  let recorded = true; // it may have been written before this run began
  let stop: Outcome | undefined;
  const commands: OperatorCommand[] = [];
  const notes: string[] = [];

  const render = (detail: string): void => {
    setCurrentDetails([`**${step}** ${detail}`, ...notes.map((note) => `- ${note}`)].join('\n'));
  };
  const note = (text: string): void => {
    if (notes.length < 20) notes.push(text);
    render('');
  };
  const decisionOf = (
    message: DecisionMessage | undefined,
    decision: 'Approved' | 'Rejected',
    method: 'signal' | 'update',
  ): Decision => ({
    decision,
    planDigest: message?.planDigest ?? approval.awaiting ?? '',
    by: message?.by ?? 'unknown',
    method,
    ...(message?.comment === undefined ? {} : { comment: message.comment }),
  });
  const take = (decision: Decision): string | undefined => {
    const result = decide(approval, decision);
    if (result.accepted) approval = result.state;
    return result.accepted ? undefined : result.why;
  };
  const onSignal = (decision: 'Approved' | 'Rejected') => (message?: DecisionMessage) => {
    const refused = acceptSignals
      ? take(decisionOf(message, decision, 'signal'))
      : 'bare signals are not accepted here: write spec.approval of the HealingAction';
    if (refused !== undefined) note(`ignored a signal "${decision}": ${refused}`);
  };

  setHandler(stepQuery, () => step);
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
      commands.push(command);
    },
    { description: 'retry, skip, rollback or abort a healing whose tries are used up.' },
  );
  setHandler(
    decideUpdate,
    (message) => {
      const refused = take(decisionOf(message, message.decision, 'update'));
      if (refused !== undefined) throw ApplicationFailure.nonRetryable(refused, 'DecisionRefused');
      return `${message.decision.toLowerCase()} plan ${message.planDigest ?? approval.decided?.planDigest ?? ''}`;
    },
    {
      description: 'Approve or reject, with an answer.',
      validator: (message) => {
        const result = acceptSignals
          ? decide(approval, decisionOf(message, message.decision, 'update'))
          : ({ accepted: false, why: 'this healing demands spec.approval, which proves who decided' } as const);
        if (!result.accepted) throw ApplicationFailure.nonRetryable(result.why, 'DecisionRefused');
      },
    },
  );
  // A cancellation from Temporal's UI counts like an operator's abort; the story itself runs to its end.
  CancellationScope.current().cancelRequested.catch(() => {
    stop ??= { reason: 'Aborted', message: 'the workflow was cancelled before it had an effect' };
  });

  return {
    show(next, detail) {
      step = next;
      render(detail);
    },
    stopped: () => stop,
    async pause(ms) {
      return condition(() => stop !== undefined, ms);
    },
    async command(timeoutMs) {
      await condition(() => commands.length > 0, timeoutMs);
      return commands.shift();
    },
    async decision(planDigest, signalsCount, timeoutMs, read) {
      approval = { awaiting: planDigest, decided: undefined };
      acceptSignals = signalsCount;
      const deadline = Date.now() + timeoutMs;
      for (;;) {
        const left = deadline - Date.now();
        if (left <= 0 || stop !== undefined) return undefined;
        await condition(() => approval.decided !== undefined || recorded || stop !== undefined, left);
        if (approval.decided !== undefined) return approval.decided;
        if (!recorded) continue;
        recorded = false;
        const written = await read();
        const refused = written === undefined ? undefined : take(written);
        if (refused !== undefined) note(`ignored spec.approval: ${refused}`);
      }
    },
  };
}
