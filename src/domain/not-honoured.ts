import type { HealingPolicySpec } from '../api/healing-policy.ts';

/** One field whose behaviour does not exist yet. Delete the row in the change that makes the field work. */
interface Row {
  /** From `spec` on; `[]` stands for every item of a list. */
  readonly path: string;
  /** Values for which nothing is missing, because they ask for what happens anyway. Default: none. */
  readonly except?: (value: unknown, policyNamespace: string) => boolean;
}

const oneOf =
  (...values: readonly unknown[]) =>
  (value: unknown): boolean =>
    values.includes(value);

const NOT_YET: readonly Row[] = [
  { path: 'selector.namespaces[]', except: (value, policyNamespace) => value === policyNamespace },
  { path: 'selector.resources[].kind', except: oneOf('Pod', 'Deployment', 'StatefulSet', 'DaemonSet') },
  { path: 'triggers[].type', except: oneOf('condition') },
];

/** As many as `status.notHonoured` takes. */
const MAX_PATHS = 50;

/**
 * Which fields of a policy are accepted by the API server but have no effect in this release: paths such as
 * `spec.triggers[0].type`, in the order of the table, at most 50.
 */
export function notHonoured(spec: HealingPolicySpec, policyNamespace: string): string[] {
  return NOT_YET.flatMap(({ path, except }) =>
    fieldsAt(spec, path)
      .filter(([, value]) => except?.(value, policyNamespace) !== true)
      .map(([found]) => found),
  ).slice(0, MAX_PATHS);
}

/** The fields that a path with `[]` stands for, by exact path, with their values; absent ones are left out. */
function fieldsAt(spec: HealingPolicySpec, path: string): [string, unknown][] {
  let found: [string, unknown][] = [['spec', spec]];
  for (const step of path.split('.')) {
    const name = step.replace('[]', '');
    found = found.flatMap(([parent, value]): [string, unknown][] => {
      const field = isRecord(value) && Object.hasOwn(value, name) ? value[name] : undefined;
      if (field === undefined) return [];
      if (!step.endsWith('[]')) return [[`${parent}.${name}`, field]];
      return Array.isArray(field) ? field.map((item, index) => [`${parent}.${name}[${index}]`, item]) : [];
    });
  }
  return found;
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;
