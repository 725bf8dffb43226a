import { parseLabelSelector } from './label-selector.ts';
import { rfc3339 } from './pod.ts';
import type { ContainerUsage, UsageHistory } from './usage-history.ts';

const GROUP = 'metrics.k8s.io';
const API_VERSION = `${GROUP}/v1beta1`;
const ROOT = `/apis/${API_VERSION}`;

export interface NodeUsageSource {
  readonly name: string;
  /** Cores and bytes in use on the node. */
  usage(): { readonly cpuCores: number; readonly memoryBytes: number };
}

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

/** `metrics.k8s.io/v1beta1`: discovery and the two resources, read only. Undefined for a path that is not its own. */
export function answerMetricsApi(
  url: URL,
  history: Pick<UsageHistory, 'current'>,
  node: NodeUsageSource,
): Answer | undefined {
  const { pathname } = url;
  if (pathname === '/apis') return ok({ kind: 'APIGroupList', apiVersion: 'v1', groups: [group()] });
  if (pathname === `/apis/${GROUP}`) return ok({ kind: 'APIGroup', apiVersion: 'v1', ...group() });
  // The aggregator asks for these, and complains for ever if there are none.
  if (pathname === '/openapi/v2') return ok({ swagger: '2.0', info: { title: GROUP, version: 'v1beta1' }, paths: {} });
  if (pathname === '/openapi/v3') return ok({ paths: {} });
  if (pathname === ROOT) return ok(resourceList());
  if (!pathname.startsWith(`${ROOT}/`)) return undefined;
  const match = /^(?:\/namespaces\/([^/]+))?\/(pods|nodes)(?:\/([^/]+))?$/.exec(pathname.slice(ROOT.length));
  if (match === null) return notFound('the requested resource');
  const [, namespace, resource, name] = match;
  const selects = parseLabelSelector(url.searchParams.get('labelSelector') ?? '');
  if (selects === undefined)
    return { status: 400, body: failure(400, 'BadRequest', 'unable to parse the label selector') };
  const items = (resource === 'pods' ? podMetrics(history.current()) : nodeMetrics(node)).filter(
    ({ metadata }) => (namespace === undefined || metadata.namespace === namespace) && selects(metadata.labels),
  );
  if (name !== undefined) {
    const found = items.find(({ metadata }) => metadata.name === name);
    return found === undefined ? notFound(`${resource ?? ''}.${GROUP} "${name}"`) : ok(found);
  }
  const kind = resource === 'pods' ? 'PodMetricsList' : 'NodeMetricsList';
  return ok({ kind, apiVersion: API_VERSION, metadata: {}, items });
}

interface MetricsItem {
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly creationTimestamp: string;
    readonly labels: Readonly<Record<string, string>>;
  };
}

function podMetrics(usages: readonly ContainerUsage[]): MetricsItem[] {
  const pods = new Map<string, ContainerUsage[]>();
  for (const usage of usages) {
    const key = `${usage.namespace}/${usage.pod}`;
    pods.set(key, [...(pods.get(key) ?? []), usage]);
  }
  return [...pods.values()].flatMap((containers) => {
    const [first] = containers;
    if (first === undefined) return [];
    const at = rfc3339(first.at);
    return {
      kind: 'PodMetrics',
      apiVersion: API_VERSION,
      metadata: { name: first.pod, namespace: first.namespace, creationTimestamp: at, labels: first.labels },
      timestamp: at,
      window: `${(first.windowMs / 1000).toFixed(3)}s`,
      containers: containers.map((usage) => ({
        name: usage.container,
        usage: quantities(usage.cpuCores, usage.memoryBytes),
      })),
    };
  });
}

function nodeMetrics(node: NodeUsageSource): MetricsItem[] {
  const { cpuCores, memoryBytes } = node.usage();
  const at = rfc3339(Date.now());
  const item = {
    kind: 'NodeMetrics',
    apiVersion: API_VERSION,
    metadata: { name: node.name, creationTimestamp: at, labels: { 'kubernetes.io/hostname': node.name } },
    timestamp: at,
    window: '10s',
    usage: quantities(cpuCores, memoryBytes),
  };
  return [item];
}

const quantities = (cores: number, bytes: number): { readonly cpu: string; readonly memory: string } => ({
  cpu: `${Math.round(cores * 1e9)}n`,
  memory: `${Math.round(bytes / 1024)}Ki`,
});

const version = { groupVersion: API_VERSION, version: 'v1beta1' };
const group = () => ({ name: GROUP, versions: [version], preferredVersion: version });

function resourceList(): unknown {
  const verbs = ['get', 'list'];
  return {
    kind: 'APIResourceList',
    apiVersion: 'v1',
    groupVersion: API_VERSION,
    resources: [
      { name: 'nodes', singularName: '', namespaced: false, kind: 'NodeMetrics', verbs },
      { name: 'pods', singularName: '', namespaced: true, kind: 'PodMetrics', verbs },
    ],
  };
}

const ok = (body: unknown): Answer => ({ status: 200, body });
const failure = (code: number, reason: string, message: string): unknown => ({
  kind: 'Status',
  apiVersion: 'v1',
  metadata: {},
  status: 'Failure',
  message,
  reason,
  code,
});
const notFound = (what: string): Answer => ({ status: 404, body: failure(404, 'NotFound', `${what} not found`) });
