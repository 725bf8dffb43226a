import type { LabelRequirement, LabelSelector, ResourceFilter, TargetSelector } from '../api/healing-policy.ts';
import type { KubeObject } from '../api/meta.ts';
import { fitsPattern } from './name-pattern.ts';
import type { TargetRef } from './target-ref.ts';

/** Which objects a policy looks after. Pure and compiled once, so that asking is cheap. */
export interface Selection {
  /** Namespaces that the policy names and that are not looked into: only its own is, in this release. */
  readonly refusedNamespaces: readonly string[];
  /** Whether the object itself is selected; its owners play no part. */
  selects(object: KubeObject): boolean;
  /**
   * Of an object and its controllers (nearest first, as `ownerChain` gives them) those that may be acted upon. Who leaves
   * a workload out by name means its pods too, so a member below an excluded one is no candidate. Empty: out of scope.
   */
  candidates(chain: readonly KubeObject[]): readonly TargetRef[];
}

const PODS: readonly ResourceFilter[] = [{ apiVersion: 'v1', kind: 'Pod' }];

/** The selection of a policy that lives in `policyNamespace`. An empty selector means all Pods of that namespace. */
export function compileSelection(selector: TargetSelector, policyNamespace: string): Selection {
  const namespaces = orDefault(selector.namespaces, [policyNamespace]);
  const looksHome = namespaces.includes(policyNamespace);
  const matchesLabels = compileLabelSelector(selector.labelSelector);
  const filters = Map.groupBy(orDefault(selector.resources, PODS), ({ kind }) => kind);

  const filtersOf = ({ kind = '', apiVersion = '' }: KubeObject): readonly ResourceFilter[] =>
    (filters.get(kind) ?? []).filter((filter) => sameGroup(filter.apiVersion, apiVersion));
  // Of several filters for one kind each leaves out its own names, and a name left out anywhere stays out.
  const excludes = (object: KubeObject): boolean =>
    filtersOf(object).some(({ excludeNames = [] }) =>
      excludeNames.some((pattern) => fitsPattern(object.metadata.name, pattern)),
    );
  const selects = (object: KubeObject): boolean =>
    looksHome &&
    object.metadata.namespace === policyNamespace &&
    filtersOf(object).length > 0 &&
    !excludes(object) &&
    matchesLabels(object.metadata.labels ?? {});

  return {
    refusedNamespaces: namespaces.filter((namespace) => namespace !== policyNamespace),
    selects,
    candidates: (chain) =>
      chain
        .slice(chain.findLastIndex(excludes) + 1)
        .filter(selects)
        .map(targetRefOf),
  };
}

export const targetRefOf = ({ apiVersion = '', kind = '', metadata }: KubeObject): TargetRef => ({
  apiVersion,
  kind,
  namespace: metadata.namespace ?? '',
  name: metadata.name,
  uid: metadata.uid,
});

/** An absent or empty selector matches everything, as a metav1.LabelSelector that is there does. */
export function compileLabelSelector(
  selector: LabelSelector | undefined,
): (labels: Readonly<Record<string, string>>) => boolean {
  const wanted = Object.entries(selector?.matchLabels ?? {});
  const rules = (selector?.matchExpressions ?? []).map(compileRequirement);
  return (labels) =>
    wanted.every(([key, value]) => valueOf(labels, key) === value) && rules.every((holds) => holds(labels));
}

/** `apps/v1` and `apps/v1beta2` name the same objects. */
const sameGroup = (a: string, b: string): boolean => a === b || groupOf(a) === groupOf(b);
const groupOf = (apiVersion: string): string => apiVersion.slice(0, Math.max(0, apiVersion.indexOf('/')));

const orDefault = <T>(list: readonly T[] | undefined, otherwise: readonly T[]): readonly T[] =>
  list === undefined || list.length === 0 ? otherwise : list;

/** A label called `constructor` is not one that every object has. */
const valueOf = (labels: Readonly<Record<string, string>>, key: string): string | undefined =>
  Object.hasOwn(labels, key) ? labels[key] : undefined;

function compileRequirement(rule: LabelRequirement): (labels: Readonly<Record<string, string>>) => boolean {
  const values = new Set(rule.values ?? []);
  const { key, operator } = rule;
  switch (operator) {
    case 'In':
      return (labels) => {
        const value = valueOf(labels, key);
        return value !== undefined && values.has(value);
      };
    case 'NotIn':
      return (labels) => {
        const value = valueOf(labels, key);
        return value === undefined || !values.has(value);
      };
    case 'Exists':
      return (labels) => valueOf(labels, key) !== undefined;
    case 'DoesNotExist':
      return (labels) => valueOf(labels, key) === undefined;
    default:
      return () => false; // an operator from a newer schema: select nothing rather than too much
  }
}
