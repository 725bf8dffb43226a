import { REASONS } from '../src/api/constants.ts';
import type { ApprovalStatus, HealingAction } from '../src/api/healing-action.ts';
import type { Decision } from '../src/domain/approval.ts';
import type { ObjectRef } from '../src/domain/target-ref.ts';
import type { ActivityPorts } from './ports.ts';
import { asTarget, changed } from './record.ts';

/** Ready to be pasted: the digest binds the approval to this plan and no other. */
const approveCommand = (action: HealingAction, digest: string): string =>
  `kubectl patch healingaction ${action.metadata.name} -n ${action.metadata.namespace ?? ''} --type=merge -p ` +
  `'{"spec":{"approval":{"decision":"Approved","planDigest":"${digest}"}}}'`;

/** Shows in the status that a person is asked, and how to answer. */
export async function requestApproval(
  { actions, events }: ActivityPorts,
  ref: ObjectRef,
  digest: string,
  why: string,
  now: () => Date,
): Promise<void> {
  const updated = await actions.update(ref, (latest) => {
    // Asked already: a late repeat must not wipe out what was decided since.
    if (latest.status?.approval?.planDigest === digest) return undefined;
    return changed(
      latest,
      {
        approval: { required: true, approved: false, planDigest: digest },
        set: [
          {
            type: 'Approved',
            status: 'Unknown',
            reason: REASONS.Approved.waiting,
            message: `${why}. To approve: ${approveCommand(latest, digest)}`,
          },
        ],
      },
      now().toISOString(),
    );
  });
  if (updated !== undefined)
    events.record({
      regarding: asTarget(updated),
      type: 'Normal',
      reason: 'WaitingForApproval',
      action: 'Approve',
      note: `${updated.status?.plan?.summary ?? ''}: ${why}`,
    });
}

/**
 * The decision about this plan as the API server holds it now: in `spec.approval`, or as it was recorded when it came
 * another way. Undefined when there is none.
 */
export async function readDecision(
  { actions }: ActivityPorts,
  ref: ObjectRef,
  digest: string,
): Promise<Decision | undefined> {
  const action = await actions.read(ref);
  const approval = action?.spec.approval;
  if (approval?.planDigest !== digest) return recordedDecision(action?.status?.approval, digest);
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

/** Writes down who decided and how, before anything is done. `void` when the decision no longer holds. */
export async function recordDecision(
  ports: ActivityPorts,
  ref: ObjectRef,
  decision: Decision,
  now: () => Date,
): Promise<'recorded' | 'void'> {
  const approved = decision.decision === 'Approved';
  if (decision.method === 'kubernetes') {
    const current = await readDecision(ports, ref, decision.planDigest);
    if (current?.decision !== decision.decision || current.by !== decision.by) return 'void';
  }
  const time = now().toISOString();
  const updated = await ports.actions.update(ref, (latest) =>
    latest.status?.planDigest === decision.planDigest
      ? changed(
          latest,
          {
            approval: {
              required: true,
              approved,
              approvedBy: decision.by,
              approvedAt: time,
              method: decision.method,
              // Only admission in the API server proves who it was; a signal carries just a claim.
              verified: decision.method === 'kubernetes',
              planDigest: decision.planDigest,
              ...(decision.comment === undefined ? {} : { reason: decision.comment }),
            },
            set: [
              {
                type: 'Approved',
                status: approved ? 'True' : 'False',
                reason: approved ? REASONS.Approved.approved : REASONS.Approved.rejected,
                message: `${decision.decision.toLowerCase()} by ${decision.by} (${decision.method}) for plan ${decision.planDigest}`,
              },
            ],
          },
          time,
        )
      : undefined,
  );
  if (updated?.status?.approval?.planDigest !== decision.planDigest) return 'void';
  ports.events.record({
    regarding: asTarget(updated),
    type: 'Normal',
    reason: decision.decision,
    action: 'Approve',
    note: `by ${decision.by} (${decision.method}) for plan ${decision.planDigest}`,
  });
  return 'recorded';
}
