import type { HealingAction, HealingActionSpec } from '../api/healing-action.ts';
import { canonical } from './canonical.ts';
import { isTerminal } from './outcome.ts';

/** The HealingAction that tries a finished one again, ready to be created. */
export interface RetryManifest {
  readonly apiVersion: HealingAction['apiVersion'];
  readonly kind: HealingAction['kind'];
  readonly metadata: {
    readonly namespace: string;
    readonly name: string;
    readonly labels: Readonly<Record<string, string>>;
    readonly annotations: Readonly<Record<string, string>>;
  };
  readonly spec: HealingActionSpec;
}

export type Retry =
  | { readonly result: 'retry'; readonly manifest: RetryManifest }
  /** It has not ended: what to do instead. */
  | { readonly result: 'refused'; readonly message: string };

const OURS = 'kubeskippy.io/';
/** Says that a policy has made it. A retry is somebody's own, and is kept like anything that people write. */
const MADE_BY_POLICY = `${OURS}managed-by`;
const EPISODE = `${OURS}episode`;
const TRIGGER = 'trigger-type';

const MAX_NAME = 253;
const DIGITS = 8;

/**
 * Another try of a finished action, as somebody orders it now. The name follows from that of the earlier one (`x`, `x-r1`,
 * `x-r2`), so that ordering the same retry twice creates one. What the earlier one was permitted or asked for goes
 * along; what was decided about it does not.
 */
export function retryOf(action: HealingAction, now: Date): Retry {
  const { metadata, spec, status } = action;
  const { name, uid, namespace = '', creationTimestamp = '' } = metadata;
  if (!isTerminal(status?.conditions))
    return {
      result: 'refused',
      message: `HealingAction ${namespace}/${name} has not ended yet: only a finished one is retried; one that waits for an operator takes the order "retry"`,
    };
  const { policyRef, targetResource, action: template, approvalRequired, dryRun, timeout, retryPolicy, trigger } = spec;
  const patience = Date.parse(spec.expiresAt ?? '') - Date.parse(creationTimestamp);
  return {
    result: 'retry',
    manifest: {
      apiVersion: action.apiVersion,
      kind: action.kind,
      metadata: {
        namespace,
        name: nextName(action),
        // Only our own: by the labels of others it would be taken for one of theirs, and removed or reverted.
        labels: pick(metadata.labels, (key) => key === TRIGGER || (key.startsWith(OURS) && key !== MADE_BY_POLICY)),
        annotations: pick(metadata.annotations, (key) => key === EPISODE),
      },
      spec: {
        policyRef,
        targetResource,
        action: template,
        ...(approvalRequired === undefined ? {} : { approvalRequired }),
        ...(dryRun === undefined ? {} : { dryRun }),
        ...(timeout === undefined ? {} : { timeout }),
        ...(retryPolicy === undefined ? {} : { retryPolicy }),
        ...(trigger === undefined ? {} : { trigger }),
        // As long as the earlier one had.
        ...(Number.isFinite(patience) ? { expiresAt: new Date(now.getTime() + patience).toISOString() } : {}),
        retryOf: { name, uid },
      },
    },
  };
}

function nextName({ metadata: { name }, spec }: HealingAction): string {
  const [, stem = name, number = '0'] = (spec.retryOf === undefined ? null : /^(.*)-r(\d{1,6})$/.exec(name)) ?? [];
  return `${stem.slice(0, MAX_NAME - DIGITS).replace(/[-.]+$/, '')}-r${Number(number) + 1}`;
}

const pick = (
  map: Readonly<Record<string, string>> | undefined,
  wanted: (key: string) => boolean,
): Readonly<Record<string, string>> => Object.fromEntries(Object.entries(map ?? {}).filter(([key]) => wanted(key)));

/**
 * Why an action is no retry of the one that its `spec.retryOf` names; undefined when it is one, or names none. `earlier` is
 * what has that name now.
 */
export function retryObjection(action: HealingAction, earlier: HealingAction | undefined): string | undefined {
  const { retryOf: of, ...spec } = action.spec;
  if (of === undefined) return undefined;
  const named = `HealingAction ${of.name}, which spec.retryOf names,`;
  if (earlier === undefined) return `${named} does not exist`;
  if (of.uid !== undefined && of.uid !== earlier.metadata.uid)
    return `${named} is another one than that with uid ${of.uid}`;
  if (!isTerminal(earlier.status?.conditions)) return `${named} has not ended yet`;
  const differs = (
    [
      ['policy', policyOf(spec), policyOf(earlier.spec)],
      ['target', targetOf(action), targetOf(earlier)],
      ['action', canonical(spec.action), canonical(earlier.spec.action)],
    ] as const
  ).find(([, now, before]) => now !== before);
  return differs === undefined ? undefined : `${named} had another ${differs[0]}: a retry tries the same again`;
}

const policyOf = ({ policyRef: { namespace, name } }: Pick<HealingActionSpec, 'policyRef'>): string =>
  `${namespace}/${name}`;
const targetOf = ({ metadata, spec: { targetResource } }: HealingAction): string => {
  const { apiVersion, kind, namespace = metadata.namespace ?? '', name } = targetResource;
  return `${apiVersion} ${kind} ${namespace}/${name}`;
};
