import { REASONS } from '../../api/constants.ts';
import type { AuditEntry, EvidenceItem, HealingAction, ResourceChange } from '../../api/healing-action.ts';
import { findCondition, type Condition } from '../../domain/condition.ts';
import { isSuccess, isTerminal, type OutcomeReason } from '../../domain/outcome.ts';
import type { Tone } from '../output/paint.ts';
import { dim, inOrder, plain, timeOf, type Detail, type Known, type ListedEvent, type Moment } from './timeline.ts';

/** A healing from its evidence to its end, in the order in which it happened. */
export function storyOf({ action, events }: Known): readonly Moment[] {
  return inOrder([
    ...noticed(action),
    asked(action),
    ...accepted(action),
    ...planned(action),
    ...analyzed(action),
    ...approval(action, events),
    ...reserved(action),
    ...executed(action),
    ...verified(action),
    ...rolledBack(action),
    ...ended(action),
    ...otherEvents(action, events),
  ]);
}

function noticed({ spec: { trigger } }: HealingAction): Moment[] {
  if (trigger === undefined) return [];
  const { name, subject, evidence, since } = trigger;
  const title = `trigger ${name} fired${subject === undefined ? '' : ` for ${subject}`}`;
  return [
    {
      time: timeOf(since),
      step: 'evidence',
      tone: 'plain',
      title,
      details: evidence === undefined ? [] : [plain(evidence)],
    },
  ];
}

function asked({ metadata, spec }: HealingAction): Moment {
  const by = spec.requestedBy?.username;
  const who = spec.trigger === undefined ? (by ?? 'somebody') : `policy ${spec.policyRef.name}`;
  return {
    time: timeOf(metadata.creationTimestamp),
    step: 'asked',
    tone: 'plain',
    title: `${who} asks for ${spec.action.type}${spec.action.name === undefined ? '' : ` (action ${spec.action.name})`}`,
    details: [
      ...(spec.retryOf === undefined ? [] : [plain(`tries ${spec.retryOf.name} again`)]),
      ...(by === undefined || spec.trigger === undefined ? [] : [dim(`created by ${by}`)]),
      ...(spec.expiresAt === undefined ? [] : [dim(`to be done before ${spec.expiresAt}`)]),
      ...(spec.dryRun === true ? [plain('as a dry run: nothing is changed')] : []),
    ],
  };
}

function accepted({ status }: HealingAction): Moment[] {
  const condition = findCondition(status?.conditions, 'Accepted');
  if (condition === undefined) return [];
  const step = { True: 'accepted', False: 'refused', Unknown: 'waits' }[condition.status];
  return [moment(condition, step, condition.status === 'False' ? 'bad' : 'plain', condition.message)];
}

function planned({ status }: HealingAction): Moment[] {
  const plan = status?.plan;
  if (plan === undefined) return [];
  const parameters = Object.entries(plan.parameters ?? {}).map(([name, value]) => dim(`${name}: ${value}`));
  const { stabilizationWindow, timeout } = plan.verification ?? {};
  return [
    {
      time: timeOf(plan.plannedAt),
      step: 'plan',
      tone: 'plain',
      title: plan.summary,
      details: [
        ...diffLines(plan.diff),
        ...parameters,
        plain(plan.reversible === true ? 'can be rolled back' : 'cannot be rolled back'),
        ...(plan.approvalReason === undefined ? [] : [plain(`needs a person: ${plan.approvalReason}`)]),
        ...(stabilizationWindow === undefined
          ? []
          : [dim(`verified when healthy for ${stabilizationWindow}, within ${timeout ?? 'the time of the action'}`)]),
        dim(`plan ${status?.planDigest ?? 'unknown'}`),
      ],
    },
  ];
}

/** As `diff` marks them. */
export const diffLines = (diff: string | undefined): Detail[] =>
  diff === undefined || diff === ''
    ? []
    : diff.split('\n').map((text) => ({
        text,
        tone: text.startsWith('+') ? 'added' : text.startsWith('-') ? 'removed' : 'plain',
      }));

function analyzed({ status }: HealingAction): Moment[] {
  const analysis = status?.analysis;
  if (analysis === undefined) return [];
  const { analyzer, model, choice, confidence, reasons = [], alternatives = [], time } = analysis;
  const sure = confidence === undefined ? '' : `, confidence ${percent(confidence)}`;
  return [
    {
      time: timeOf(time),
      step: 'choice',
      tone: 'plain',
      title: `${choice} (${analyzer}${model === undefined ? '' : ` with ${model}`}${sure})`,
      details: [
        ...reasons.map((reason) => plain(`because ${reason}`)),
        ...alternatives.map(({ choice: other, confidence: rated, reason }) =>
          dim(
            `not ${other}${rated === undefined ? '' : ` (${percent(rated)})`}${reason === undefined ? '' : `: ${reason}`}`,
          ),
        ),
      ],
    },
  ];
}

const percent = (share: number): string => `${Math.round(share * 100)} %`;

/** The condition's message begins with the command that approves; that is among the next steps. */
const whyAsked = (message: string): string =>
  message.startsWith('to approve: ') ? message.split('; ').slice(2).join('; ') : message;

/** What a decision must be like to count. */
export function demands({ spec, status }: HealingAction): Detail[] {
  const { expiresAt, fourEyes, requireIdentity } = status?.approval ?? {};
  return [
    ...(expiresAt === undefined ? [] : [plain(`until ${expiresAt}`)]),
    ...(fourEyes === true ? [plain(`by somebody else than ${spec.requestedBy?.username ?? 'who asked for it'}`)] : []),
    ...(requireIdentity === true
      ? [plain('by somebody whom the API server can prove: no Temporal signal counts')]
      : []),
  ];
}

/** An Event comes a little after the status that it is about. */
const SAME_MS = 5_000;

function approval(action: HealingAction, events: readonly ListedEvent[]): Moment[] {
  const { status } = action;
  const condition = findCondition(status?.conditions, 'Approved');
  if (condition === undefined) return [];
  const { approvedBy, approvedAt, method, verified, reason, planDigest } = status?.approval ?? {};
  const asking: Moment[] = events
    .filter((event) => event.reason === REASONS.Approved.waiting)
    .map((event) => ({
      time: eventTime(event),
      step: 'asked',
      tone: 'plain',
      title: 'a person is asked to approve',
      details: event.note === undefined ? [] : [plain(event.note)],
    }));
  if (approvedBy !== undefined && condition.status !== 'Unknown')
    return [
      ...asking,
      {
        time: timeOf(approvedAt),
        step: condition.status === 'True' ? 'approved' : 'rejected',
        tone: condition.status === 'True' ? 'good' : 'bad',
        title: `by ${approvedBy}, ${verified === true ? 'identity proven by the API server' : 'identity NOT proven'}`,
        details: [
          ...(reason === undefined ? [] : [plain(`“${reason}”`)]),
          dim(
            `by ${method === 'kubernetes' ? 'spec.approval' : (method ?? 'unknown means')}, for plan ${planDigest ?? 'unknown'}`,
          ),
        ],
      },
    ];
  if (condition.reason === REASONS.Approved.notRequired)
    return [moment(condition, 'approval', 'dim', condition.message)];
  const open = moment(condition, 'approval', 'waiting', whyAsked(condition.message));
  return [
    // The latest of them is this one.
    ...asking.filter(({ time }) => Math.abs(time - open.time) > SAME_MS),
    {
      ...open,
      title: `${isTerminal(status?.conditions) ? 'a person was asked' : 'waits for a person'}: ${open.title}`,
      details: demands(action),
    },
  ];
}

function reserved({ status }: HealingAction): Moment[] {
  const condition = findCondition(status?.conditions, 'Reserved');
  if (condition === undefined) return [];
  return [moment(condition, condition.status === 'True' ? 'reserved' : 'no slot', 'plain', condition.message)];
}

function executed({ status }: HealingAction): Moment[] {
  const audit = (status?.audit ?? []).filter(({ step }) => step === 'execute');
  const condition = findCondition(status?.conditions, 'Executed');
  if (condition === undefined) {
    if (status?.claim === undefined) return [];
    return [
      {
        time: timeOf(status.claim.time),
        step: 'claimed',
        tone: 'plain',
        title: 'from here on the change may have been made',
        details: audit.map(auditDetail),
      },
    ];
  }
  const step =
    condition.reason === REASONS.Executed.awaitingOperator
      ? 'blocked'
      : condition.status === 'True'
        ? 'executed'
        : 'not done';
  return [
    {
      ...moment(
        condition,
        condition.reason === REASONS.Executed.dryRun ? 'dry run' : step,
        step === 'executed' ? 'good' : 'plain',
        condition.message,
      ),
      details: [
        ...(status?.result?.changes ?? []).map(changeDetail),
        ...((status?.attempts ?? 0) > 1 ? [plain(`tried ${status?.attempts ?? 0} times`)] : []),
        ...audit.map(auditDetail),
      ],
    },
  ];
}

const changeDetail = ({ resourceRef, field, oldValue, newValue }: ResourceChange): Detail =>
  plain(
    `${resourceRef} ${field}: ${oldValue === undefined || oldValue === '' ? '(none)' : oldValue} → ${newValue === undefined || newValue === '' ? '(none)' : newValue}`,
  );

const auditDetail = ({ seq, kind, effect, summary, time, digest }: AuditEntry): Detail =>
  dim(
    `audit ${seq}  ${time}  ${kind}${effect === undefined ? '' : ` (${effect})`}  ${summary ?? ''}  ${digest.slice(0, 12)}`,
  );

function verified({ status }: HealingAction): Moment[] {
  const condition = findCondition(status?.conditions, 'Verified');
  const evidence = [
    ...(status?.evidence?.before ?? []).map((item) => evidenceDetail('before', item)),
    ...(status?.evidence?.after ?? []).map((item) => evidenceDetail('after', item)),
  ];
  if (condition === undefined) {
    const executed = findCondition(status?.conditions, 'Executed');
    if (executed?.status !== 'True' || isTerminal(status?.conditions)) return [];
    return [
      {
        time: Number.NaN,
        step: 'verifying',
        tone: 'waiting',
        title: 'waits for evidence that is newer than the change',
        details: evidence,
      },
    ];
  }
  const healed = condition.status === 'True';
  return [
    {
      ...moment(condition, healed ? 'verified' : 'not proven', healed ? 'good' : 'bad', condition.message),
      details: evidence,
    },
  ];
}

const evidenceDetail = (when: string, { subject, check, value, verdict }: EvidenceItem): Detail =>
  plain(`${when}: ${subject} ${check}: ${value}${verdict === undefined ? '' : ` (${verdict})`}`);

function rolledBack({ status }: HealingAction): Moment[] {
  const rollback = status?.rollback;
  if (rollback === undefined) return [];
  const { outcome, message, time } = rollback;
  const words = { done: 'rolled back', impossible: 'kept', refused: 'kept', failed: 'not back' };
  const audit = (status?.audit ?? []).filter(({ step }) => step === 'rollback');
  return [
    {
      time: timeOf(time),
      step: words[outcome],
      tone: outcome === 'done' ? 'plain' : 'bad',
      title: message ?? outcome,
      details: audit.map(auditDetail),
    },
  ];
}

function ended({ status }: HealingAction): Moment[] {
  const condition = findCondition(status?.conditions, 'Succeeded');
  if (condition === undefined || condition.status === 'Unknown') return [];
  const tone: Tone = isSuccess(condition.reason as OutcomeReason)
    ? 'good'
    : status?.phase === 'Cancelled'
      ? 'dim'
      : 'bad';
  const { error, metrics } = status?.result ?? {};
  return [
    {
      time: timeOf(status?.completionTime),
      step: 'end',
      tone,
      title: `${condition.reason}: ${condition.message}`,
      details: [
        ...(error === undefined ? [] : [plain(`error: ${error}`)]),
        ...Object.entries(metrics ?? {}).map(([name, value]) => dim(`${name}: ${value}`)),
        ...(status?.audit ?? []).filter(({ kind }) => kind === 'end').map(auditDetail),
      ],
    },
  ];
}

/** What only the Events still tell: earlier plans, earlier tries. */
function otherEvents({ status }: HealingAction, events: readonly ListedEvent[]): Moment[] {
  const told = new Set<string>([
    REASONS.Approved.waiting,
    ...(status?.conditions ?? []).map(({ reason }) => reason),
    ...(status?.rollback === undefined ? [] : Object.values(REASONS.RolledBack)),
    ...(status?.approval?.approvedBy === undefined ? [] : ['Approved', 'Rejected']),
  ]);
  const digest = status?.planDigest ?? '';
  return events
    .filter(({ reason = '', note = '' }) => !told.has(reason) && !(reason === 'Planned' && note.includes(digest)))
    .map((event) => ({
      time: eventTime(event),
      step: 'event',
      tone: event.type === 'Warning' ? ('waiting' as const) : ('dim' as const),
      title: `${event.reason ?? ''}: ${event.note ?? ''}`,
      details: [],
    }));
}

const eventTime = ({ eventTime: at, metadata }: ListedEvent): number => timeOf(at ?? metadata.creationTimestamp);

const moment = (condition: Condition, step: string, tone: Tone, title: string): Moment => ({
  time: timeOf(condition.lastTransitionTime),
  step,
  tone,
  title,
  details: [],
});
