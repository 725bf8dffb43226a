import type { KubeObject } from '../../api/meta.ts';
import type { LabelSelector } from '../../api/workloads.ts';
import { parsePointer, readablePath, type Path } from '../../domain/object-path.ts';

/**
 * Whether a patch may change a field. `free`: yes. `asked`: if the policy names it in `allowPaths`. `approval`: if a
 * person agrees. What is not in the table is never changed, whoever asks: identity, ownership and finalizers, service
 * accounts, security contexts, host namespaces, volumes, commands and whatever else can run code, values from Secrets,
 * the status, and all that future versions of Kubernetes add.
 */
type Permission = 'free' | 'asked' | 'approval';

/** JSON Pointers, `*` for any one key or item; each covers everything below it. */
type Table = Readonly<Record<string, Permission>>;

const METADATA: Table = {
  '/metadata/annotations/*': 'free',
  '/metadata/labels/*': 'free',
};

const PROBE: Table = {
  '/initialDelaySeconds': 'free',
  '/periodSeconds': 'free',
  '/timeoutSeconds': 'free',
  '/failureThreshold': 'free',
  '/successThreshold': 'free',
  '/terminationGracePeriodSeconds': 'free',
  '/httpGet/path': 'asked',
  '/httpGet/port': 'asked',
  '/httpGet/scheme': 'asked',
  '/tcpSocket/port': 'asked',
};

const CONTAINER: Table = {
  '/resources/limits': 'free',
  '/resources/requests': 'free',
  ...below('/livenessProbe', PROBE),
  ...below('/readinessProbe', PROBE),
  ...below('/startupProbe', PROBE),
  '/env/*/name': 'asked',
  '/env/*/value': 'asked',
  '/imagePullPolicy': 'asked',
  '/resizePolicy': 'asked',
  '/image': 'approval',
};

const WORKLOAD: Table = {
  ...METADATA,
  '/spec/minReadySeconds': 'free',
  '/spec/revisionHistoryLimit': 'free',
  ...below('/spec/template', METADATA),
  ...below('/spec/template/spec/containers/*', CONTAINER),
  ...below('/spec/template/spec/initContainers/*', CONTAINER),
  '/spec/template/spec/terminationGracePeriodSeconds': 'free',
  '/spec/template/spec/affinity': 'asked',
  '/spec/template/spec/nodeSelector': 'asked',
  '/spec/template/spec/tolerations': 'asked',
  '/spec/template/spec/topologySpreadConstraints': 'asked',
};

const KINDS: Readonly<Record<string, Table>> = {
  Deployment: {
    ...WORKLOAD,
    '/spec/paused': 'free',
    '/spec/progressDeadlineSeconds': 'free',
    '/spec/strategy': 'free',
  },
  StatefulSet: { ...WORKLOAD, '/spec/updateStrategy': 'free' },
  DaemonSet: { ...WORKLOAD, '/spec/updateStrategy': 'free' },
  /** What else could be changed of a Pod does not outlive it. */
  Pod: METADATA,
};

/** By which controllers tell their own objects apart. */
const HASHES: ReadonlySet<string> = new Set([
  'pod-template-hash',
  'controller-revision-hash',
  'pod-template-generation',
]);

export interface PatchRules {
  readonly kind: string;
  /** `patchAction.allowPaths` of the policy. */
  readonly allowPaths: readonly string[];
  /** Keys of labels by which a controller finds the Pods in question. */
  readonly selectorKeys: ReadonlySet<string>;
}

export type Judgement =
  { readonly may: 'change' | 'change with approval' } | { readonly may: 'not'; readonly why: string };

/** Whether a patch may change this field of an object; list items go by their names in `path`. */
export function judge(path: Path, rules: PatchRules): Judgement {
  const field = readablePath(path);
  const never: Judgement = { may: 'not', why: `${field} is never changed by a patch` };
  const entry = Object.entries(KINDS[rules.kind] ?? {}).find(([pattern]) => covers(pattern, path));
  if (entry === undefined && field === 'spec.replicas')
    return { may: 'not', why: 'spec.replicas is changed by actions of type scale, which look who else sets it' };
  if (entry === undefined) return never;
  const [pattern, granted] = entry;
  const key = path.at(-1) ?? '';
  if (pattern.endsWith('/labels/*') && (rules.kind === 'Pod' || path[0] === 'spec') && rules.selectorKeys.has(key))
    return { may: 'not', why: `${field} is what a selector finds the Pods by` };
  const permission = isOfKeys(pattern) ? permissionOfKey(key) : granted;
  if (permission === 'never') return never;
  if (permission === 'asked' && !rules.allowPaths.some((pattern) => covers(pattern, path)))
    return { may: 'not', why: `${field} is not changed unless the policy allows it (patchAction.allowPaths)` };
  return { may: permission === 'approval' ? 'change with approval' : 'change' };
}

/** By the pattern and not by the path: a container may be called `labels`. */
const isOfKeys = (pattern: string): boolean => pattern.endsWith('/labels/*') || pattern.endsWith('/annotations/*');

/** Keys of other owners mean what those owners make of them; ours and those that change security mean too much. */
function permissionOfKey(key: string): Permission | 'never' {
  const [owner] = key.includes('/') ? key.split('/') : [''];
  const isOf = (domain: string): boolean => owner === domain || owner?.endsWith(`.${domain}`) === true;
  if (HASHES.has(key) || isOf('kubeskippy.io') || isOf('deployment.kubernetes.io')) return 'never';
  if (!isOf('kubernetes.io') && !isOf('k8s.io')) return 'free';
  if (/security|apparmor|seccomp/.test(key)) return 'never';
  return owner === 'app.kubernetes.io' ? 'free' : 'asked';
}

/** The keys that the selector of a workload looks at. */
export function selectorKeysOf(object: KubeObject | undefined): ReadonlySet<string> {
  const { selector } = (object as { readonly spec?: { readonly selector?: LabelSelector } } | undefined)?.spec ?? {};
  return new Set([
    ...Object.keys(selector?.matchLabels ?? {}),
    ...(selector?.matchExpressions ?? []).map(({ key }) => key),
  ]);
}

function covers(pattern: string, path: Path): boolean {
  const keys = parsePointer(pattern);
  return keys.length <= path.length && keys.every((key, index) => key === '*' || key === path[index]);
}

function below(prefix: string, table: Table): Table {
  return Object.fromEntries(Object.entries(table).map(([pattern, permission]) => [prefix + pattern, permission]));
}
