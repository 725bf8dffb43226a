import type { Protection } from '../src/actions/define-action.ts';
import type { HealingAction } from '../src/api/healing-action.ts';
import type { HealingPolicy } from '../src/api/healing-policy.ts';
import type { KubeObject } from '../src/api/meta.ts';
import { refusals } from '../src/domain/guards/chain.ts';
import type { Outcome } from '../src/domain/outcome.ts';
import { controllerOf, MAX_OWNERS } from '../src/domain/owner-chain.ts';
import { compileSelection } from '../src/domain/selection.ts';
import type { ActivityPorts, ActivitySettings } from './ports.ts';

export type LiveTarget =
  | { readonly found: true; readonly object: KubeObject; readonly owners: readonly KubeObject[] }
  /** `object` is the target all the same, but it cannot be acted upon. */
  | { readonly found: false; readonly outcome: Outcome; readonly object?: KubeObject };

/** The action's target as it is now, with its controllers; an object of the same name but another uid is not it. */
export async function readLiveTarget(
  { cluster }: Pick<ActivityPorts, 'cluster'>,
  action: HealingAction,
): Promise<LiveTarget> {
  const { targetResource } = action.spec;
  const namespace = action.metadata.namespace ?? '';
  const planned = action.status?.plan?.target;
  const object = await cluster.get({
    apiVersion: targetResource.apiVersion,
    kind: targetResource.kind,
    namespace,
    name: targetResource.name,
  });
  const named = `${targetResource.kind} ${namespace}/${targetResource.name}`;
  const uid = planned?.uid ?? targetResource.uid;
  if (object === undefined)
    return {
      found: false,
      outcome:
        uid === undefined
          ? { reason: 'Refused', message: `there is no ${named}` }
          : { reason: 'TargetGone', message: `${named} no longer exists` },
    };
  if (uid !== undefined && object.metadata.uid !== uid)
    return {
      found: false,
      outcome: { reason: 'TargetGone', message: `${named} was replaced by another of the same name` },
    };
  if (object.metadata.deletionTimestamp !== undefined)
    return { found: false, object, outcome: { reason: 'TargetGone', message: `${named} is being deleted` } };

  const owners: KubeObject[] = [];
  for (let next = controllerOf(object); next !== undefined;) {
    if (owners.length === MAX_OWNERS)
      return {
        found: false,
        object,
        outcome: { reason: 'Refused', message: `${named} has more than ${MAX_OWNERS} controllers above it` },
      };
    const owner = await cluster.get({ apiVersion: next.apiVersion, kind: next.kind, namespace, name: next.name });
    if (owner?.metadata.uid !== next.uid)
      return {
        found: false,
        object,
        outcome: {
          reason: 'Refused',
          message: `${named} is controlled by ${next.kind} ${next.name}, which cannot be checked for protection`,
        },
      };
    owners.push(owner);
    next = controllerOf(owner);
  }
  return { found: true, object, owners };
}

/** What protects the live target from every write, also from one that takes back an earlier one. */
export const protections = (
  settings: Pick<ActivitySettings, 'protectedNamespaces'>,
  policy: HealingPolicy | undefined,
  { object, owners }: { readonly object: KubeObject; readonly owners: readonly KubeObject[] },
): string[] =>
  refusals({
    target: object,
    owners,
    namespace: object.metadata.namespace ?? '',
    protectedNamespaces: settings.protectedNamespaces,
    protectedResources: policy?.spec.safetyRules?.protectedResources ?? [],
  }).map(({ message }) => message);

/** What protects an object that hangs on the target and is to be changed for it. */
export const protectionOfPart = (
  { settings }: Pick<ActivityPorts, 'settings'>,
  policy: HealingPolicy,
  live: Extract<LiveTarget, { found: true }>,
  part: KubeObject,
): string | undefined => protections(settings, policy, { object: part, owners: [live.object, ...live.owners] })[0];

/** What the policy and the marks on it say of an object beside the target. */
export const protectionBy =
  ({ settings }: Pick<ActivityPorts, 'settings'>, policy: HealingPolicy): Protection =>
  (object) =>
    protections(settings, policy, { object, owners: [] })[0];

/** Why the live target must not be touched, all reasons in one; undefined when nothing speaks against it. */
export function objections(
  { settings }: Pick<ActivityPorts, 'settings'>,
  policy: HealingPolicy,
  { object, owners }: { readonly object: KubeObject; readonly owners: readonly KubeObject[] },
): Outcome | undefined {
  const namespace = policy.metadata.namespace ?? '';
  const selection = compileSelection(policy.spec.selector, namespace);
  const selected = selection.candidates([object, ...owners]).some((candidate) => candidate.uid === object.metadata.uid);
  const reasons = protections(settings, policy, { object, owners });
  if (!selected)
    reasons.unshift(
      `HealingPolicy ${namespace}/${policy.metadata.name} does not select ${object.kind ?? ''} ${object.metadata.name}`,
    );
  return reasons.length === 0 ? undefined : { reason: 'Refused', message: reasons.join('; ') };
}
