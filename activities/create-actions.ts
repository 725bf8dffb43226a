import { createHash } from 'node:crypto';
import { DEFAULTS, KEYS, MANAGED_BY } from '../src/api/constants.ts';
import type { HealingActionSpec } from '../src/api/healing-action.ts';
import type { ActionTemplate, HealingPolicy, PolicyDecision, Trigger } from '../src/api/healing-policy.ts';
import { actionFor, supportsKind } from '../src/actions/index.ts';
import { parseDuration } from '../src/domain/duration.ts';
import type { Creation, Wanted } from '../src/domain/episode.ts';
import type { Firing } from '../src/domain/firing.ts';
import { byName, inOrder } from '../src/domain/naming.ts';
import { describeTarget, type ObjectRef, type TargetRef } from '../src/domain/target-ref.ts';
import { StepError } from '../src/errors.ts';
import type { ReservationAnswer } from '../src/domain/ledger.ts';
import { labelValue } from '../src/api/label-value.ts';
import type { ActivityPorts } from './ports.ts';
import { cooldownOf } from './rules-of-plan.ts';

interface Rung {
  readonly template: ActionTemplate & { readonly name: string };
  readonly target: TargetRef;
}

/** What a policy's workflow wants to have created. */
export interface CreationOrder {
  /** Of the policy that the wish is based on. */
  readonly generation: number;
  /** Actions of the policy that have not ended. */
  readonly running: number;
  readonly wanted: readonly Wanted[];
}

const RETRY_MS = 5_000;
const REFUSED_MS = 60_000;
const MAX_DECISIONS = 20;
const HOUR_MS = 3_600_000;

/**
 * Creates the actions that are due, or says of each why not. `nonce` is the same for every attempt at this step, so an
 * attempt after a crash finds what the one before it created.
 */
export async function createActions(
  ports: ActivityPorts,
  ref: ObjectRef,
  { generation, running, wanted }: CreationOrder,
  nonce: string,
  now: () => Date,
): Promise<readonly Creation[] | 'policy-gone'> {
  const policy = await ports.policies.read(ref);
  if (policy === undefined) return 'policy-gone';
  if (policy.metadata.generation !== generation)
    return wanted.map(({ episode }) => held(episode, 'the policy was edited; waiting for what it says now', RETRY_MS));

  // Admission binds nobody: without this, every one of a storm would be admitted before the first has reserved.
  const room = { left: maxActionsPerHour(policy) - running };
  const made = await Promise.all(
    wanted.map((item) =>
      createOne(ports, policy, item, room, nonce, now()).catch((error: unknown) => ({
        creation: held(item.episode, refusalOf(error), REFUSED_MS),
        decision: undefined,
      })),
    ),
  );
  await recordDecisions(
    ports,
    ref,
    made.flatMap(({ decision }) => decision ?? []),
    now,
  );
  return made.map(({ creation }) => creation);
}

const held = (episode: string, why: string, retryAfterMs: number): Creation => ({
  episode,
  result: 'held',
  why,
  retryAfterMs,
});

/** One action that the API server refuses must not keep the others from being made; what is an outage is outlasted. */
function refusalOf(error: unknown): string {
  if (!(error instanceof StepError) || error.code === 'Unavailable') throw error;
  return `the HealingAction could not be made: ${error.message}`;
}

interface Made {
  readonly creation: Creation;
  readonly decision?: PolicyDecision | undefined;
}

async function createOne(
  ports: ActivityPorts,
  policy: HealingPolicy,
  { episode, rung, firing }: Wanted,
  room: { left: number },
  nonce: string,
  now: Date,
): Promise<Made> {
  const trigger = byName(policy.spec.triggers, firing.trigger);
  if (trigger === undefined)
    return { creation: held(episode, `the policy has no trigger ${firing.trigger}`, RETRY_MS) };
  const cooldownMs = cooldownOf(trigger);

  const rungs = rungsFor(policy, firing);
  const chosen = rungs[rung];
  if (chosen === undefined) {
    const why =
      rungs.length === 0
        ? `no action of the policy applies to ${firing.candidates.map(describeTarget).join(', ') || describeTarget(firing.subject)}`
        : `all ${rungs.length} actions of the policy were tried and did not heal ${describeTarget(firing.subject)}: a person has to look`;
    return {
      creation: { episode, result: 'exhausted', why },
      decision: decide(firing, undefined, 'Suppressed', 'Exhausted', why, now),
    };
  }
  const { template, target } = chosen;

  if (policy.spec.mode === undefined || policy.spec.mode === 'monitor') {
    const why = `mode monitor: would ${template.type} ${describeTarget(target)}`;
    return {
      creation: held(episode, why, Math.max(cooldownMs, RETRY_MS)),
      decision: decide(firing, chosen, 'WouldCreate', 'MonitorMode', why, now),
    };
  }
  const admission = await admit(ports, policy, target);
  if (!admission.granted) {
    const why = admission.message;
    return {
      creation: held(episode, why, Math.max(250, Math.min(admission.retryAfterMs ?? 60_000, 60_000))),
      decision: decide(firing, chosen, 'Suppressed', admission.reason, why, now),
    };
  }

  if (room.left <= 0) {
    const why = `as many actions of the policy are under way as it permits in an hour (${maxActionsPerHour(policy)})`;
    return {
      creation: held(episode, why, RETRY_MS),
      decision: decide(firing, chosen, 'Suppressed', 'RateLimited', why, now),
    };
  }
  room.left -= 1;

  const created = await ports.actions.create({
    namespace: policy.metadata.namespace ?? '',
    name: actionName(policy, template.name, `${nonce}/${episode}`),
    labels: {
      [KEYS.managedBy]: MANAGED_BY,
      [KEYS.policyName]: labelValue(policy.metadata.name),
      [KEYS.actionName]: labelValue(template.name),
      [KEYS.actionType]: template.type,
      [KEYS.triggerType]: labelValue(firing.trigger),
    },
    annotations: { [KEYS.lastApplied]: now.toISOString(), [KEYS.episode]: episode },
    spec: specOf(policy, trigger, chosen, firing, now),
  });
  const { uid, name } = created.metadata;
  return {
    creation: { episode, result: 'created', uid, name, cooldownMs },
    decision: { ...decide(firing, chosen, 'Created', 'TriggerFired', firing.evidence, now), healingAction: name },
  };
}

/** The policy's actions that can be done for this firing, in order of priority, each with the nearest object it applies to. */
function rungsFor(policy: HealingPolicy, firing: Firing): Rung[] {
  return inOrder(policy.spec.actions).flatMap((template) => {
    const definition = actionFor(template.type);
    const target = definition && firing.candidates.find((candidate) => supportsKind(definition, candidate));
    return target === undefined ? [] : [{ template, target }];
  });
}

function specOf(
  policy: HealingPolicy,
  trigger: Trigger,
  { template, target }: Rung,
  firing: Firing,
  now: Date,
): HealingActionSpec {
  const patienceMs =
    parseDuration(policy.spec.approval?.timeout ?? DEFAULTS.approvalTimeout) +
    parseDuration(DEFAULTS.timeout) +
    HOUR_MS;
  const { mode } = policy.spec;
  return {
    policyRef: { name: policy.metadata.name, namespace: policy.metadata.namespace ?? '', uid: policy.metadata.uid },
    targetResource: { ...target },
    action: template,
    ...(mode === 'manual' || template.requiresApproval === true ? { approvalRequired: true } : {}),
    ...(mode === 'dryrun' ? { dryRun: true } : {}),
    expiresAt: new Date(now.getTime() + patienceMs).toISOString(),
    policyGeneration: policy.metadata.generation ?? 0,
    trigger: {
      name: firing.trigger,
      type: trigger.type,
      ...(trigger.conditionTrigger === undefined ? {} : { condition: trigger.conditionTrigger }),
      subject: `${firing.subject.kind}/${firing.subject.namespace}/${firing.subject.name}`,
      since: firing.since,
      evidence: firing.evidence,
    },
  };
}

/** Names are bounded; the digest keeps two wanted actions of one step apart. */
function actionName(policy: HealingPolicy, template: string, nonce: string): string {
  const digest = createHash('sha256').update(nonce).digest('hex').slice(0, 10);
  const stem = `${policy.metadata.name}-${template}`
    .toLowerCase()
    .replaceAll(/[^a-z0-9-]+/g, '-')
    .slice(0, 52);
  return `${stem.replace(/-+$/, '')}-${digest}`;
}

const maxActionsPerHour = ({ spec }: HealingPolicy): number =>
  spec.safetyRules?.maxActionsPerHour ?? DEFAULTS.maxActionsPerHour;

const admit = ({ ledger }: ActivityPorts, policy: HealingPolicy, target: TargetRef): Promise<ReservationAnswer> =>
  ledger.admit({
    id: `admit-${target.uid}`,
    policy: `${policy.metadata.namespace ?? ''}/${policy.metadata.name}`,
    target: describeTarget(target),
    maxActionsPerHour: maxActionsPerHour(policy),
    leaseMs: 0,
  });

const decide = (
  firing: Firing,
  rung: Rung | undefined,
  decision: PolicyDecision['decision'],
  reason: string,
  message: string,
  now: Date,
): PolicyDecision => ({
  time: now.toISOString(),
  trigger: firing.trigger,
  target: describeTarget(rung?.target ?? firing.subject),
  ...(rung === undefined ? {} : { action: rung.template.name }),
  decision,
  reason,
  message,
});

/** The newest decisions, and how often something was done, where `kubectl get hp` shows it. */
async function recordDecisions(
  { policies }: ActivityPorts,
  ref: ObjectRef,
  decisions: readonly PolicyDecision[],
  now: () => Date,
): Promise<void> {
  if (decisions.length === 0) return;
  const created = decisions.filter(({ decision }) => decision === 'Created').length;
  await policies.update(ref, ({ status }) => ({
    ...status,
    actionsTaken: (status?.actionsTaken ?? 0) + created,
    ...(created === 0 ? {} : { lastActionTime: now().toISOString() }),
    decisions: [...decisions.toReversed(), ...(status?.decisions ?? [])].slice(0, MAX_DECISIONS),
  }));
}
