/** What a person decides about one plan. */
export interface Decision {
  readonly decision: 'Approved' | 'Rejected';
  /** The plan that was looked at; a decision about any other plan is void. */
  readonly planDigest: string;
  /** Who decided, as claimed by a signal or proven by the API server's admission. */
  readonly by: string;
  readonly comment?: string;
  /** `kubernetes`: `spec.approval`, identity proven by admission policies. `signal`, `update`: unproven. */
  readonly method: 'kubernetes' | 'signal' | 'update';
}

/** What a Temporal signal or update carries; a digest is optional for people who type it by hand in the UI. */
export interface DecisionMessage {
  readonly planDigest?: string;
  readonly by?: string;
  readonly comment?: string;
}

export interface ApprovalState {
  /** The plan that waits for a decision; undefined while none does. */
  readonly awaiting: string | undefined;
  readonly decided: Decision | undefined;
}

export type DecisionResult =
  | { readonly accepted: true; readonly state: ApprovalState }
  /** Nothing changed; the reason is for whoever sent the message. */
  | { readonly accepted: false; readonly why: string };

const MAX_BY = 253;
const MAX_COMMENT = 512;

const text = (value: unknown, limit: number): string | undefined =>
  typeof value === 'string' && value.trim() !== '' ? value.trim().slice(0, limit) : undefined;

/** A decision as it may be typed by hand into Temporal's UI: whatever is not text, or is missing, is left out. */
export function decisionFrom(
  message: unknown,
  decision: Decision['decision'],
  method: 'signal' | 'update',
  awaiting: string | undefined,
): Decision {
  const fields: Partial<Record<keyof DecisionMessage, unknown>> =
    typeof message === 'object' && message !== null ? message : {};
  const comment = text(fields.comment, MAX_COMMENT);
  return {
    decision,
    // A digest that is there but is no text is for no plan.
    planDigest: fields.planDigest === undefined ? (awaiting ?? '') : (text(fields.planDigest, 64) ?? 'none'),
    by: text(fields.by, MAX_BY) ?? 'unknown',
    method,
    ...(comment === undefined ? {} : { comment }),
  };
}

/** What the policy and the healer's settings demand of whoever approves. */
export interface ApprovalDemands {
  /** Whether bare signals count although they prove no identity. */
  readonly acceptSignals: boolean;
  /** Whether only a decision counts for which the API server proves who made it. */
  readonly requireIdentity: boolean;
  /** Whether whoever asked for the action may not approve it too. */
  readonly fourEyes: boolean;
}

/** Why nobody may act on this approval; undefined when it is good. `requester` is undefined when it is not known. */
export function objectionTo(
  { by, method, verified }: Pick<Decision, 'by' | 'method'> & { readonly verified: boolean },
  { acceptSignals, requireIdentity, fourEyes }: ApprovalDemands,
  requester: string | undefined,
): string | undefined {
  if (method !== 'kubernetes' && !acceptSignals)
    return `it came by ${method}, which proves nobody, and only spec.approval is accepted`;
  if ((requireIdentity || fourEyes) && !verified)
    return `who approved is not proven, and that is demanded; the admission policies in deploy/admission prove it`;
  if (!fourEyes) return undefined;
  if (requester === undefined) return 'four eyes are demanded, but who asked for the action is not known';
  return requester === by ? `four eyes are demanded, and ${by} has asked for the action too` : undefined;
}

/** The one place that decides whether a decision counts: signal, update and `spec.approval` all come through here. */
export function decide(state: ApprovalState, message: Decision): DecisionResult {
  if (state.decided !== undefined)
    return {
      accepted: false,
      why: `already ${state.decided.decision.toLowerCase()} by ${state.decided.by}; a decision is final`,
    };
  if (state.awaiting === undefined) return { accepted: false, why: 'no plan is waiting for approval now' };
  if (message.planDigest !== state.awaiting)
    return {
      accepted: false,
      why: `the decision is for plan ${message.planDigest}, but the plan that waits is ${state.awaiting}`,
    };
  return { accepted: true, state: { awaiting: undefined, decided: message } };
}
