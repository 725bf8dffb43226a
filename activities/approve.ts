import { REASONS } from '../src/api/constants.ts';
import type { ApprovalStatus, HealingAction } from '../src/api/healing-action.ts';
import { objectionTo, type Decision } from '../src/domain/approval.ts';
import { ended, type ApprovalRules, type Asked, type DecisionRecord, type Ended } from '../src/domain/steps.ts';
import type { ObjectRef } from '../src/domain/target-ref.ts';
import type { ActivityPorts } from './ports.ts';
import { previewEffect } from './preview-effect.ts';
import { asTarget, changed, hasBegun, type StatusChange } from './record.ts';

/** Ready to be pasted: the digest binds the approval to this plan and no other. */
const approveCommand = (action: HealingAction, digest: string): string =>
  `kubectl patch healingaction ${action.metadata.name} -n ${action.metadata.namespace ?? ''} --type=merge -p ` +
  `'{"spec":{"approval":{"decision":"Approved","planDigest":"${digest}"}}}'`;

const NOT_INSTALLED = 'the admission policies in deploy/admission are not in force in this namespace';

/**
 * Shows in the status that a person is asked, until when, how to answer, and what would change. Ends the healing if no
 * answer could ever count, none could help, or there is nothing any more to be asked about.
 */
export async function requestApproval(
  ports: ActivityPorts,
  ref: ObjectRef,
  digest: string,
  { why, timeoutMs, requireIdentity, fourEyes }: ApprovalRules,
  now: () => Date,
): Promise<Asked | Ended> {
  const { actions, events, identity } = ports;
  const vouched = await identity.vouched(ref.namespace);
  if (requireIdentity && !vouched)
    return ended(
      'Refused',
      `a person has to approve (${why}) and to be proven, but ${NOT_INSTALLED}, so that nobody can be`,
    );
  const diff = await diffOf(ports, ref, digest);
  if (typeof diff === 'object') return diff;
  const time = now();
  const expiresAt = new Date(time.getTime() + timeoutMs).toISOString();
  let fresh: boolean | undefined;
  const updated = await actions.update(ref, (latest) => {
    // Asked already: a late repeat must not wipe out what was decided since, nor extend the time.
    fresh =
      latest.status?.approval?.planDigest !== digest || (!hasBegun(latest) && countsNoMore(ports, latest, digest));
    if (!fresh) return undefined;
    const also = [
      fourEyes ? `by somebody else than ${latest.spec.requestedBy?.username ?? 'who asked for it'}` : undefined,
      vouched ? undefined : `who approves is not proven, since ${NOT_INSTALLED}`,
    ].filter((text) => text !== undefined);
    return changed(
      latest,
      {
        ...withDiff(latest, digest, diff),
        approval: {
          required: true,
          approved: false,
          planDigest: digest,
          expiresAt,
          verified: vouched,
          requireIdentity,
          fourEyes,
        },
        set: [
          {
            type: 'Approved',
            status: 'Unknown',
            reason: REASONS.Approved.waiting,
            // The command comes first: what is too long is cut at its end.
            message: `To approve: ${approveCommand(latest, digest)}; until ${expiresAt}; ${[...also, why].join('; ')}`,
          },
        ],
      },
      time.toISOString(),
    );
  });
  if (updated === undefined) return ended('Deleted', 'the HealingAction no longer exists');
  if (fresh === true)
    events.record({
      regarding: asTarget(updated),
      type: 'Normal',
      reason: 'WaitingForApproval',
      action: 'Approve',
      note: `${updated.status?.plan?.summary ?? ''}: ${why}`,
    });
  return { result: 'asked', expiresAt: updated.status?.approval?.expiresAt ?? expiresAt };
}

const withDiff = ({ status }: HealingAction, digest: string, diff: string | undefined): StatusChange =>
  diff === undefined || status?.plan === undefined || status.planDigest !== digest
    ? {}
    : { plan: { ...status.plan, diff } };

/** What the plan that a person is asked about would change; undefined when it was asked about before. */
async function diffOf(ports: ActivityPorts, ref: ObjectRef, digest: string): Promise<string | Ended | undefined> {
  const action = await ports.actions.read(ref);
  if (action === undefined || action.status?.approval?.planDigest === digest) return undefined;
  const previewed = await previewEffect(ports, action);
  return previewed.result === 'ended' ? previewed : previewed.diff;
}

/**
 * The decision about this plan as the API server holds it: in `spec.approval`, or as it was recorded when it came another
 * way. Undefined when there is none.
 */
function writtenIn({ spec: { approval }, status }: HealingAction, digest: string): Decision | undefined {
  if (approval?.planDigest !== digest) return recordedDecision(status?.approval, digest);
  return {
    decision: approval.decision,
    planDigest: approval.planDigest,
    by: approval.by ?? 'unknown',
    method: 'kubernetes',
    ...(approval.comment === undefined ? {} : { comment: approval.comment }),
  };
}

/** A decision that came by signal or update lives in the status only; a workflow that has lost its memory finds it there. */
function recordedDecision(approval: ApprovalStatus | undefined, digest: string): Decision | undefined {
  const { planDigest, approved, approvedBy, method, reason } = approval ?? {};
  if (planDigest !== digest || approvedBy === undefined || method === undefined || method === 'kubernetes')
    return undefined;
  return {
    decision: approved === true ? 'Approved' : 'Rejected',
    planDigest,
    by: approvedBy,
    method,
    ...(reason === undefined ? {} : { comment: reason }),
  };
}

/** Whether a decision about this plan is recorded that was withdrawn since, or of which more is demanded by now. */
function countsNoMore(ports: ActivityPorts, action: HealingAction, digest: string): boolean {
  const asked = action.status?.approval;
  if (asked?.approvedBy === undefined) return false;
  const decision = writtenIn(action, digest);
  if (decision === undefined) return true;
  // What is written in the API server is judged when it is recorded.
  return decision.method !== 'kubernetes' && objection(ports, action, asked, decision, false) !== undefined;
}

/** Why an approval does not count by what was `asked` and is set; a rejection always counts. */
function objection(
  { settings }: ActivityPorts,
  { spec }: HealingAction,
  asked: ApprovalStatus | undefined,
  { decision, by, method }: Decision,
  verified: boolean,
): string | undefined {
  if (decision !== 'Approved') return undefined;
  const demands = {
    acceptSignals: settings.acceptSignals,
    requireIdentity: settings.requireIdentity || asked?.requireIdentity === true,
    fourEyes: asked?.fourEyes === true,
  };
  return objectionTo({ by, method, verified }, demands, spec.requestedBy?.username);
}

/**
 * Writes down who decided and how, before anything is done: what was `sent`, or else what is written in the API server.
 * `void` when the decision no longer holds, or came too late; `none` where none is written. Ends the healing when the
 * decision is final and nobody may act on it. A rejection always counts.
 */
export async function recordDecision(
  ports: ActivityPorts,
  ref: ObjectRef,
  digest: string,
  sent: Decision | undefined,
  now: () => Date,
): Promise<DecisionRecord> {
  const [action, inForce] = await Promise.all([
    ports.actions.read(ref),
    sent === undefined ? ports.identity.vouched(ref.namespace) : false,
  ]);
  const decision = sent ?? (action === undefined ? undefined : writtenIn(action, digest));
  if (decision === undefined) return { result: 'none' };
  if (action === undefined) return { result: 'void', decision };
  const { by, method, planDigest, comment } = decision;
  const approved = decision.decision === 'Approved';
  const vouched = method === 'kubernetes' && inForce;
  const time = now();
  let why: string | undefined;
  const updated = await ports.actions.update(action, (latest) => {
    const { status } = latest;
    if (status?.planDigest !== planDigest) return undefined;
    if (method === 'kubernetes' && !same(writtenIn(latest, digest), decision)) return undefined;
    const asked = status.approval?.planDigest === planDigest ? status.approval : undefined;
    if (approved && Date.parse(asked?.expiresAt ?? '') <= time.getTime()) return undefined;
    // Only admission in the API server proves who it was, and only if it did so from before the question was asked.
    const verified = vouched && asked?.verified === true;
    const { expiresAt, requireIdentity, fourEyes } = asked ?? {};
    why = objection(ports, latest, asked, decision, verified);
    if (why !== undefined) return undefined;
    return changed(
      latest,
      {
        approval: {
          required: true,
          approved,
          approvedBy: by,
          approvedAt: time.toISOString(),
          method,
          verified,
          planDigest,
          ...(expiresAt === undefined ? {} : { expiresAt }),
          ...(requireIdentity === undefined ? {} : { requireIdentity }),
          ...(fourEyes === undefined ? {} : { fourEyes }),
          ...(comment === undefined ? {} : { reason: comment }),
        },
        set: [
          {
            type: 'Approved',
            status: approved ? 'True' : 'False',
            reason: approved ? REASONS.Approved.approved : REASONS.Approved.rejected,
            message: told(decision, verified),
          },
        ],
      },
      time.toISOString(),
    );
  });
  if (why !== undefined)
    // What was sent once and is demanded otherwise by now is not the last word: somebody may still decide as is demanded.
    return sent === undefined && method !== 'kubernetes'
      ? { result: 'void', decision }
      : ended('Refused', `the approval by ${by} does not count: ${why}`);
  const recorded = updated?.status?.approval;
  if (updated === undefined || recorded?.planDigest !== planDigest || recorded.approvedBy !== by)
    return { result: 'void', decision };
  ports.events.record({
    regarding: asTarget(updated),
    type: 'Normal',
    reason: decision.decision,
    action: 'Approve',
    note: told(decision, recorded.verified === true),
  });
  return { result: 'recorded', decision };
}

const same = (one: Decision | undefined, other: Decision): boolean =>
  one?.decision === other.decision && one.by === other.by;

const told = ({ decision, by, method, planDigest }: Decision, verified: boolean): string =>
  `${decision.toLowerCase()} by ${by} (${method}, ${verified ? 'proven by the API server' : 'not verified'}) for plan ${planDigest}`;
