import { REASONS } from '../src/api/constants.ts';
import type { ActionTemplate, HealingAction, Plan } from '../src/api/healing-action.ts';
import type { HealingPolicy } from '../src/api/healing-policy.ts';
import { actionWorkflowId } from '../src/api/temporal-names.ts';
import { formatDuration } from '../src/domain/duration.ts';
import { ended, type AcceptedPlan, type Ahead, type Ended } from '../src/domain/steps.ts';
import { consult, type Advice } from './analyze.ts';
import { settleTime } from './measurements.ts';
import { planDigest } from './plan-digest.ts';
import type { ActivityPorts } from './ports.ts';
import { asTarget, changed, refOf } from './record.ts';
import { reserve } from './reserve.ts';
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

/** An instant answer is not waited for. */
const UNSTOPPED = AbortSignal.any([]);

/**
 * Writes the plan down and resolves its rules. Where nobody has to be asked and the analyzer answers at once, the answer goes
 * into the same write and the ledger is asked beside it: as steps of their own they would cost the healing more time than they
 * take.
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
      : await consult(analyzer, { action, plan, approvalRequired: false }, UNSTOPPED, now);
  const acting = advice?.result.choice === 'act';
  const [written, slot] = await together(
    writePlan(ports, { action, policy, template }, plan, advice, now),
    acting ? reserve(ports, refOf(action), reservation, now) : Promise.resolve(undefined),
  );
  if (!written) return ended('Deleted', 'the HealingAction no longer exists');
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

/** False when the action is gone. */
async function writePlan(
  ports: Pick<ActivityPorts, 'actions' | 'events'>,
  { action, policy }: Accepted,
  plan: Plan,
  advice: Advice | undefined,
  now: () => Date,
): Promise<boolean> {
  const digest = planDigest(plan);
  const asked = action.status?.planDigest;
  const { set: advised = [], ...analysis } = advice?.change ?? {};
  const updated = await ports.actions.update(action, (latest) =>
    changed(
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
    ),
  );
  if (updated === undefined) return false;
  if (asked !== digest)
    ports.events.record({
      regarding: asTarget(updated),
      type: 'Normal',
      reason: asked === undefined ? 'Planned' : REASONS.Approved.planChanged,
      action: 'Accept',
      note: `${plan.summary} (covered by HealingPolicy ${policy.metadata.name}; plan ${digest})`,
    });
  return true;
}

const retried = ({ spec: { retryOf } }: HealingAction): string =>
  retryOf === undefined ? '' : `; tries HealingAction ${retryOf.name} again`;
