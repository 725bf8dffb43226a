import { REASONS } from '../src/api/constants.ts';
import type { ActionTemplate, HealingAction, Plan } from '../src/api/healing-action.ts';
import type { HealingPolicy } from '../src/api/healing-policy.ts';
import { actionWorkflowId } from '../src/api/temporal-names.ts';
import { formatDuration } from '../src/domain/duration.ts';
import type { ReservationAnswer, ReservationRequest } from '../src/domain/ledger.ts';
import { isTerminal } from '../src/domain/outcome.ts';
import { ended, type AcceptedPlan, type Ahead, type Ended } from '../src/domain/steps.ts';
import { StepError } from '../src/errors.ts';
import { consult, type Advice } from './analyze.ts';
import { settleTime } from './measurements.ts';
import { planDigest } from './plan-digest.ts';
import type { ActivityPorts } from './ports.ts';
import { asTarget, changed, hasBegun, refOf } from './record.ts';
import { release, showSlot } from './reserve.ts';
import {
  approvalRules,
  isDryRun,
  patienceOf,
  reservationFor,
  retryRules,
  timeoutOf,
  verificationRules,
} from './rules-of-plan.ts';
import { together } from './together.ts';

/** What a plan was made for, and by whose leave. */
interface Accepted {
  readonly action: HealingAction;
  readonly policy: HealingPolicy;
  readonly template: ActionTemplate;
}

/** An instant answer that takes longer is none. */
const INSTANT_MS = 1_000;
const NOT_ASKED = Promise.resolve(undefined);

/**
 * Resolves the rules of the plan, and writes it down unless it could never be verified. Where nobody has to be asked and the
 * analyzer answers at once, the answer goes into the same write and the ledger is asked beside it: as steps of their own they
 * would cost the healing more time than they take. In all other cases somebody will think about it, and nothing is held then.
 */
export async function recordPlan(
  ports: ActivityPorts,
  { action, policy, template }: Accepted,
  plan: Plan,
  now: () => Date,
): Promise<AcceptedPlan | Ended> {
  const { windowMs } = verificationRules(policy);
  const timeoutMs = patienceOf(action, policy);
  const never = 'verification could never finish';
  if (windowMs >= timeoutMs)
    return ended(
      'Refused',
      `${never}: the target must stay healthy for ${formatDuration(windowMs)} within ${formatDuration(timeoutMs)}; raise verification.timeout or the action's timeout`,
    );
  const settled = await settleTime(ports.metrics, policy, { windowMs, timeoutMs });
  if ('problem' in settled) return ended('Refused', `${never}: ${settled.problem}`);

  const approval = approvalRules(action, policy, template, plan.approvalReason, ports.settings);
  const reservation = reservationFor(action, policy);
  const { analyzer } = ports;
  const advice =
    approval.required || analyzer.instant !== true
      ? undefined
      : await consult(analyzer, { action, plan, approvalRequired: false }, AbortSignal.timeout(INSTANT_MS), now);
  const ref = refOf(action);
  const acting = advice?.result.choice === 'act';
  const [written, answer] = await together(
    writePlan(ports, { action, policy }, plan, advice, now),
    acting ? askLedger(ports.ledger, reservation) : NOT_ASKED,
  );
  if (written === undefined || isTerminal(written.status?.conditions)) {
    if (answer?.granted === true) await release(ports, ref); // nothing follows that would use it
    return written === undefined
      ? ended('Deleted', 'the HealingAction no longer exists')
      : ended('Refused', 'the HealingAction has already ended');
  }
  if (!acting) await release(ports, ref); // an earlier plan, or an attempt that broke off, may have been granted something
  const slot = answer === undefined ? undefined : await showSlot(ports, ref, answer, now);
  return {
    result: 'accepted',
    planDigest: planDigest(plan),
    summary: plan.summary,
    dryRun: isDryRun(ports.settings, action, policy),
    resumed: false,
    approval,
    reservation,
    verification: { windowMs, timeoutMs, ...settled },
    timeoutMs: timeoutOf(action),
    retry: retryRules(action),
    ...(action.spec.expiresAt === undefined ? {} : { expiresAt: Date.parse(action.spec.expiresAt) }),
    reversible: plan.reversible === true,
    ...(advice === undefined ? {} : { ahead: aheadOf(advice, slot) }),
  };
}

const aheadOf = ({ result }: Advice, slot: Ahead['slot']): Ahead => ({
  analysis: result,
  ...(slot === undefined ? {} : { slot }),
});

/** Undefined where it does not answer now: the step that comes for it asks again, and finds what was granted. */
async function askLedger(
  ledger: ActivityPorts['ledger'],
  request: ReservationRequest,
): Promise<ReservationAnswer | undefined> {
  try {
    return await ledger.reserve(request);
  } catch (error) {
    if (error instanceof StepError && error.retryable) return undefined;
    throw error;
  }
}

/** The action with its plan, or as it has ended; undefined when it is gone. */
async function writePlan(
  ports: Pick<ActivityPorts, 'actions' | 'events'>,
  { action, policy }: Pick<Accepted, 'action' | 'policy'>,
  plan: Plan,
  advice: Advice | undefined,
  now: () => Date,
): Promise<HealingAction | undefined> {
  const digest = planDigest(plan);
  const asked = action.status?.planDigest;
  const { set: advised = [], ...analysis } = advice?.change ?? {};
  let overtaken: boolean | undefined;
  const updated = await ports.actions.update(action, (latest) => {
    overtaken = hasBegun(latest);
    if (overtaken) return undefined;
    return changed(
      latest,
      {
        plan,
        planDigest: digest,
        workflow: { id: actionWorkflowId(action.metadata.uid) },
        ...analysis,
        set: [
          {
            type: 'Accepted',
            status: 'True',
            reason: REASONS.Accepted.covered,
            message: `covered by HealingPolicy ${policy.metadata.name}${retried(action)}`,
          },
          ...advised,
          { type: 'Succeeded', status: 'Unknown', reason: REASONS.Succeeded.inProgress, message: plan.summary },
        ],
      },
      now().toISOString(),
    );
  });
  // The plan that an effect was claimed for is what is looked for and verified: no other may take its place.
  if (overtaken === true)
    throw new StepError('Unavailable', 'another attempt has claimed the effect since this one read the action');
  if (updated !== undefined && !isTerminal(updated.status?.conditions) && asked !== digest)
    ports.events.record({
      regarding: asTarget(updated),
      type: 'Normal',
      reason: asked === undefined ? 'Planned' : REASONS.Approved.planChanged,
      action: 'Accept',
      note: `${plan.summary} (covered by HealingPolicy ${policy.metadata.name}; plan ${digest})`,
    });
  return updated;
}

const retried = ({ spec: { retryOf } }: HealingAction): string =>
  retryOf === undefined ? '' : `; tries HealingAction ${retryOf.name} again`;
