/** One kind of object as the API server's paths name it. */
export interface Resource {
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly kind: string;
  readonly namespaced: boolean;
}

const define = (apiVersion: string, kind: string, plural: string, namespaced = true): Resource => {
  const [group, version] = apiVersion.includes('/') ? (apiVersion.split('/') as [string, string]) : ['', apiVersion];
  return { group, version, plural, kind, namespaced };
};

/** The kinds that KubeSkippy reads or writes; there is no discovery, so that nothing else can be named. */
export const resources = {
  pods: define('v1', 'Pod', 'pods'),
  podTemplates: define('v1', 'PodTemplate', 'podtemplates'),
  services: define('v1', 'Service', 'services'),
  configMaps: define('v1', 'ConfigMap', 'configmaps'),
  serviceAccounts: define('v1', 'ServiceAccount', 'serviceaccounts'),
  persistentVolumeClaims: define('v1', 'PersistentVolumeClaim', 'persistentvolumeclaims'),
  namespaces: define('v1', 'Namespace', 'namespaces', false),
  nodes: define('v1', 'Node', 'nodes', false),
  coreEvents: define('v1', 'Event', 'events'),
  events: define('events.k8s.io/v1', 'Event', 'events'),
  deployments: define('apps/v1', 'Deployment', 'deployments'),
  replicaSets: define('apps/v1', 'ReplicaSet', 'replicasets'),
  statefulSets: define('apps/v1', 'StatefulSet', 'statefulsets'),
  daemonSets: define('apps/v1', 'DaemonSet', 'daemonsets'),
  controllerRevisions: define('apps/v1', 'ControllerRevision', 'controllerrevisions'),
  horizontalPodAutoscalers: define('autoscaling/v2', 'HorizontalPodAutoscaler', 'horizontalpodautoscalers'),
  jobs: define('batch/v1', 'Job', 'jobs'),
  leases: define('coordination.k8s.io/v1', 'Lease', 'leases'),
  crds: define('apiextensions.k8s.io/v1', 'CustomResourceDefinition', 'customresourcedefinitions', false),
  healingPolicies: define('kubeskippy.io/v1alpha1', 'HealingPolicy', 'healingpolicies'),
  healingActions: define('kubeskippy.io/v1alpha1', 'HealingAction', 'healingactions'),
} as const satisfies Record<string, Resource>;

const byKind = new Map<string, Resource>(
  Object.values(resources).map((resource) => [`${apiVersionOf(resource)}/${resource.kind}`, resource]),
);

export function apiVersionOf(resource: Pick<Resource, 'group' | 'version'>): string {
  return resource.group === '' ? resource.version : `${resource.group}/${resource.version}`;
}

/** The resource of an object reference, or undefined for a kind that KubeSkippy does not know. */
export const resourceOf = (apiVersion: string, kind: string): Resource | undefined =>
  byKind.get(`${apiVersion}/${kind}`);

/**
 * A path segment that cannot climb: URL parsing removes `.` and `..`, which would turn the deletion of one object into
 * the deletion of all its siblings, or of its namespace.
 */
function segment(value: string, what: string): string {
  if (value === '' || value === '.' || value === '..' || /[/\\%?#\s]/.test(value) || value.length > 253)
    throw new TypeError(`${what} ${JSON.stringify(value)} is not a valid Kubernetes name`);
  return encodeURIComponent(value);
}

/** `/api/v1/namespaces/ns/pods/name/eviction`; without `namespace` all namespaces, without `name` the collection. */
export function pathOf(
  resource: Resource,
  at: { readonly namespace?: string; readonly name?: string; readonly subresource?: string } = {},
): string {
  const root = resource.group === '' ? `/api/${resource.version}` : `/apis/${resource.group}/${resource.version}`;
  const parts = [root];
  if (resource.namespaced && at.namespace !== undefined) parts.push('namespaces', segment(at.namespace, 'namespace'));
  parts.push(resource.plural);
  if (at.name !== undefined) {
    if (resource.namespaced && at.namespace === undefined)
      throw new TypeError(`${resource.kind} ${JSON.stringify(at.name)} needs a namespace`);
    parts.push(segment(at.name, 'name'));
    if (at.subresource !== undefined) parts.push(segment(at.subresource, 'subresource'));
  }
  return parts.join('/');
}
