import { API_VERSION, KEYS } from '../../../src/api/constants.ts';
import type { ActionTemplate, HealingActionSpec } from '../../../src/api/healing-action.ts';
import type { HealingPolicySpec } from '../../../src/api/healing-policy.ts';
import type { Pod } from '../../../src/api/workloads.ts';
import type { OutcomeReason } from '../../../src/domain/outcome.ts';
import { BROKEN_IMAGE } from '../../support/stand-in-node.ts';

/** What a person does to an action that was asked for. */
export type Person = 'approves' | 'rejects' | 'deletes when asked' | 'deletes at any moment';

/** One action of the swarm, and what may come of it. */
export interface Order {
  /** `scale-of-its-own-3`: tells the group too. */
  readonly name: string;
  readonly group: string;
  readonly policy: keyof typeof policies;
  readonly target: HealingActionSpec['targetResource'];
  readonly action: ActionTemplate;
  /** The only objects that it may write. */
  readonly writes: readonly string[];
  /** `rival`: it competes for one effect with the others that write the same. */
  readonly effect: 'one' | 'none' | 'rival';
  /** It does not help, and is taken back. */
  readonly takenBack?: true;
  readonly reasons: readonly OutcomeReason[];
  readonly person?: Person;
}

/** A Deployment of the swarm. */
export interface Shape {
  readonly name: string;
  readonly replicas?: number;
  readonly strategy?: 'Recreate';
  readonly annotations?: Readonly<Record<string, string>>;
  /** Its newest revision has an image that does not exist. */
  readonly broken?: true;
}

const ofContainer = (fields: object): string =>
  JSON.stringify({ spec: { template: { spec: { containers: [{ name: 'app', ...fields }] } } } });
const strategic = (name: string, fields: object): ActionTemplate => ({
  name,
  type: 'patch',
  patchAction: { type: 'strategic', patch: ofContainer(fields) },
});

const TEMPLATES = {
  again: { name: 'again', type: 'restart' },
  more: { name: 'more', type: 'scale', scaleAction: { direction: 'up', replicas: 1 } },
  back: { name: 'back', type: 'undo' },
  room: strategic('room', { resources: { limits: { memory: '64Mi' } } }),
  other: strategic('other', { image: BROKEN_IMAGE }),
  away: { name: 'away', type: 'delete', deleteAction: { keepManifest: true } },
  podAway: { name: 'pod-away', type: 'delete' },
  job: { name: 'job', type: 'custom', requiresApproval: false, customAction: { podTemplateName: 'repair' } },
} as const satisfies Record<string, ActionTemplate>;
/** What no policy of the swarm grants. */
const NOT_GRANTED: ActionTemplate = { name: 'less', type: 'scale', scaleAction: { direction: 'down', replicas: 1 } };

const granting = (verification: HealingPolicySpec['verification']): HealingPolicySpec => ({
  mode: 'automatic',
  selector: {
    resources: [
      { apiVersion: 'apps/v1', kind: 'Deployment' },
      { apiVersion: 'v1', kind: 'Pod' },
    ],
  },
  triggers: [],
  actions: Object.values(TEMPLATES),
  safetyRules: { maxActionsPerHour: 900 },
  ...(verification === undefined ? {} : { verification }),
});

export const policies = {
  grants: granting({ stabilizationWindow: '0s', timeout: '2m' }),
  hasty: granting({ stabilizationWindow: '0s', timeout: '2s' }),
} as const;

/** How many actions each group has; for the shared ones, how many targets, too. */
const HOT = { targets: 11, each: ['again', 'again', 'more', 'more', 'room'] } as const;
const OF_ITS_OWN = { again: 25, more: 16, room: 14, back: 12, job: 4 } as const;
const WITH_PERSON = { approved: 12, rejected: 6, deleted: 8, takenBack: 6 } as const;
const REFUSED = { protected: 5, notGranted: 5 } as const;
const DELETED = { asked: 3, anyMoment: 5 } as const;
const HERDS = { count: 4, evicted: 2, deleted: 2, rivals: 2 } as const;

function times<T>(count: number, what: T): readonly T[] {
  return Array.from({ length: count }, () => what);
}
const numbered = (count: number, name: string): string[] => times(count, name).map((each, at) => `${each}-${at + 1}`);

const HEALED = { effect: 'one', reasons: ['Healed'] } as const;
const NOTHING = (reason: OutcomeReason) => ({ effect: 'none', reasons: [reason] }) as const;

type Template = keyof typeof TEMPLATES;
type More = Pick<Order, 'effect' | 'reasons'> & Partial<Pick<Order, 'person' | 'policy' | 'takenBack' | 'writes'>>;

const onDeployment = (group: string, name: string, target: string, template: Template, more: More): Order => ({
  group,
  name,
  policy: 'grants',
  target: { apiVersion: 'apps/v1', kind: 'Deployment', name: target },
  action: TEMPLATES[template],
  writes: [`deployments/${target}`],
  ...more,
});

const each = (count: number, group: string, template: Template, more: More): Order[] =>
  numbered(count, group).map((name) => onDeployment(group, name, name, template, more));

const hot = (): Order[] =>
  numbered(HOT.targets, 'hot').flatMap((target) =>
    HOT.each.map((template, at) => onDeployment('hot', `${target}-${template}-${at + 1}`, target, template, HEALED)),
  );

const cold: readonly Order[] = [
  ...each(OF_ITS_OWN.again, 'restart', 'again', HEALED),
  ...each(OF_ITS_OWN.more, 'scale', 'more', HEALED),
  ...each(OF_ITS_OWN.room, 'patch', 'room', HEALED),
  ...each(OF_ITS_OWN.back, 'undo', 'back', HEALED),
  ...each(OF_ITS_OWN.job, 'job', 'job', { ...HEALED, writes: ['jobs/*'] }),
  ...each(WITH_PERSON.approved, 'approved', 'again', { ...HEALED, person: 'approves' }),
  ...each(WITH_PERSON.rejected, 'rejected', 'again', { ...NOTHING('Rejected'), person: 'rejects' }),
  ...each(WITH_PERSON.deleted, 'delete', 'away', { ...HEALED, person: 'approves' }),
  ...each(WITH_PERSON.takenBack, 'taken-back', 'other', {
    ...{ effect: 'one', reasons: ['RolledBack'], takenBack: true },
    ...{ person: 'approves', policy: 'hasty' },
  }),
  ...each(REFUSED.protected, 'protected', 'again', NOTHING('Refused')),
  ...each(REFUSED.notGranted, 'not-granted', 'again', NOTHING('Refused')).map((order) => ({
    ...order,
    action: NOT_GRANTED,
  })),
  ...each(DELETED.asked, 'withdrawn', 'again', { ...NOTHING('Deleted'), person: 'deletes when asked' }),
  ...each(DELETED.anyMoment, 'any-moment', 'again', { ...HEALED, person: 'deletes at any moment' }),
];

const herdNames = numbered(HERDS.count, 'herd');
const inHerd = HERDS.evicted + HERDS.deleted + 1;

/** The pods of one Deployment: some are evicted, some deleted, and one is wanted by several. */
function ofHerd(herd: string, pods: readonly Pod[]): Order[] {
  const order = (name: string, { metadata }: Pod, template: Template, more: More): Order => ({
    group: 'pod',
    name: `${herd}-${name}`,
    policy: 'grants',
    target: { apiVersion: 'v1', kind: 'Pod', name: metadata.name, uid: metadata.uid },
    action: TEMPLATES[template],
    writes: [`pods/${metadata.name}`],
    ...more,
  });
  const { evicted, deleted, rivals } = HERDS;
  const wanted = pods[evicted + deleted];
  if (wanted === undefined) throw new Error(`Deployment ${herd} has too few pods`);
  const rival = { effect: 'rival', reasons: ['Healed', 'TargetGone'] } as const;
  return [
    ...pods.slice(0, evicted).map((pod, at) => order(`evicted-${at + 1}`, pod, 'again', HEALED)),
    ...pods.slice(evicted, evicted + deleted).map((pod, at) => order(`deleted-${at + 1}`, pod, 'podAway', HEALED)),
    ...numbered(rivals, 'rival').map((name) => order(name, wanted, 'again', rival)),
  ];
}

/** Everything that has to be there before the swarm comes. */
export const shapes: readonly Shape[] = [
  ...numbered(HOT.targets, 'hot').map((name) => ({ name })),
  ...herdNames.map((name) => ({ name, replicas: inHerd })),
  ...cold.map(({ name, group }) => ({
    name,
    ...(group === 'undo' ? ({ broken: true } as const) : {}),
    ...(group === 'taken-back' ? ({ strategy: 'Recreate' } as const) : {}),
    ...(group === 'protected' ? { annotations: { [KEYS.protected]: 'true' } } : {}),
  })),
];

/** All actions of the swarm; `podsOf`: the pods of a Deployment of {@link shapes}. */
export const ordersOf = (podsOf: (deployment: string) => readonly Pod[]): readonly Order[] => [
  ...hot(),
  ...cold,
  ...herdNames.flatMap((herd) => ofHerd(herd, podsOf(herd))),
];

/** The HealingAction that asks for it. */
export const manifestOf = (order: Order, namespace: string): object => ({
  apiVersion: API_VERSION,
  kind: 'HealingAction',
  metadata: { name: order.name },
  spec: {
    policyRef: { name: order.policy, namespace },
    targetResource: order.target,
    action: order.action,
    retryPolicy: { maxAttempts: 3, backoffDelay: '1s' },
    ...(order.person === undefined || order.person === 'deletes at any moment' ? {} : { approvalRequired: true }),
  },
});

/** Replicas that a Deployment of {@link shapes} has in the end. */
export const replicasAfter = ({ name, replicas = 1 }: Shape, healed: readonly Order[]): number =>
  replicas + healed.filter(({ target, action }) => target.name === name && action.type === 'scale').length;
