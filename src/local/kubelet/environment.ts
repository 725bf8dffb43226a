import { parseQuantity } from './quantity.ts';
import type { Container, EnvVar, KeyRef, Pod } from './pod.ts';
import { allContainers } from './pod.ts';

/** The container cannot be created as specified: `CreateContainerConfigError` with this message. */
export class ContainerConfigError extends Error {
  override readonly name = 'ContainerConfigError';
}

/** Data of a ConfigMap or Secret (decoded), undefined if there is none of that name. */
export interface ConfigSource {
  configMap(namespace: string, name: string): Promise<Readonly<Record<string, string>> | undefined>;
  secret(namespace: string, name: string): Promise<Readonly<Record<string, string>> | undefined>;
}

/** What the downward API may say about where the pod runs. */
export interface Placement {
  readonly podIP: string;
  readonly hostIP: string;
  readonly capacity: { readonly cpu: number; readonly memoryBytes: number };
}

type Env = Record<string, string>;

/** The environment of a container: `envFrom`, then `env` in order, later names winning. Throws {@link ContainerConfigError}. */
export async function containerEnv(
  pod: Pod,
  container: Container,
  placement: Placement,
  source: ConfigSource,
): Promise<Env> {
  const env: Env = {};
  for (const from of container.envFrom ?? []) {
    const [kind, ref] =
      from.configMapRef === undefined
        ? (['Secret', from.secretRef] as const)
        : (['ConfigMap', from.configMapRef] as const);
    if (ref === undefined) continue;
    const data = await fetchData(kind, pod, ref.name, source);
    if (data === undefined && ref.optional !== true) throw notFound(kind, ref.name);
    for (const [key, value] of Object.entries(data ?? {})) env[(from.prefix ?? '') + key] = value;
  }
  for (const variable of container.env ?? []) {
    const value = await valueOf(variable, pod, container, placement, source, env);
    if (value !== undefined) env[variable.name] = value;
  }
  return env;
}

async function valueOf(
  { value, valueFrom }: EnvVar,
  pod: Pod,
  container: Container,
  placement: Placement,
  source: ConfigSource,
  env: Readonly<Env>,
): Promise<string | undefined> {
  if (valueFrom === undefined) return expand(value ?? '', env);
  if (valueFrom.fieldRef !== undefined) return fieldValue(valueFrom.fieldRef.fieldPath, pod, placement);
  if (valueFrom.resourceFieldRef !== undefined) {
    const { containerName, resource, divisor } = valueFrom.resourceFieldRef;
    const of = containerName === undefined ? container : allContainers(pod).find(({ name }) => name === containerName);
    return String(Math.ceil(resourceValue(resource, of, placement) / parseQuantity(divisor ?? '1') || 0));
  }
  if (valueFrom.configMapKeyRef !== undefined) return keyValue('ConfigMap', valueFrom.configMapKeyRef, pod, source);
  if (valueFrom.secretKeyRef !== undefined) return keyValue('Secret', valueFrom.secretKeyRef, pod, source);
  throw new ContainerConfigError(
    'this node knows no such valueFrom: use fieldRef, resourceFieldRef, configMapKeyRef or secretKeyRef',
  );
}

type DataKind = 'ConfigMap' | 'Secret';

async function keyValue(kind: DataKind, ref: KeyRef, pod: Pod, source: ConfigSource): Promise<string | undefined> {
  const data = await fetchData(kind, pod, ref.name, source);
  if (data?.[ref.key] !== undefined) return data[ref.key];
  if (ref.optional === true) return undefined;
  if (data === undefined) throw notFound(kind, ref.name);
  throw new ContainerConfigError(`couldn't find key ${ref.key} in ${kind} ${pod.metadata.namespace ?? ''}/${ref.name}`);
}

function fetchData(kind: DataKind, pod: Pod, name: string, source: ConfigSource): ReturnType<ConfigSource['secret']> {
  const namespace = pod.metadata.namespace ?? '';
  return kind === 'ConfigMap' ? source.configMap(namespace, name) : source.secret(namespace, name);
}

const notFound = (kind: DataKind, name: string): ContainerConfigError =>
  new ContainerConfigError(`${kind.toLowerCase()} "${name}" not found`);

function fieldValue(path: string, pod: Pod, placement: Placement): string {
  const keyed = /^metadata\.(labels|annotations)\['(.+)'\]$/.exec(path);
  if (keyed !== null) return pod.metadata[keyed[1] === 'labels' ? 'labels' : 'annotations']?.[keyed[2] ?? ''] ?? '';
  const fields: Readonly<Record<string, string | undefined>> = {
    'metadata.name': pod.metadata.name,
    'metadata.namespace': pod.metadata.namespace,
    'metadata.uid': pod.metadata.uid,
    'spec.nodeName': pod.spec.nodeName,
    'spec.serviceAccountName': pod.spec.serviceAccountName,
    'status.podIP': placement.podIP,
    'status.podIPs': placement.podIP,
    'status.hostIP': placement.hostIP,
    'status.hostIPs': placement.hostIP,
  };
  if (!(path in fields)) throw new ContainerConfigError(`unsupported fieldPath: ${path}`);
  return fields[path] ?? '';
}

function resourceValue(name: string, container: Container | undefined, { capacity }: Placement): number {
  const [kind, resource] = name.split('.');
  const declared = container?.resources?.[kind === 'limits' ? 'limits' : 'requests']?.[resource ?? ''];
  if (declared !== undefined) return parseQuantity(declared);
  if (kind !== 'limits') return 0;
  return resource === 'cpu' ? capacity.cpu : resource === 'memory' ? capacity.memoryBytes : 0;
}

/** Replaces `$(NAME)` by what is known; `$$(NAME)` and unknown names stay as text. */
export function expand(text: string, env: Readonly<Env>): string {
  return text.replace(/\$(\$|\(([^)]*)\))/g, (whole, tail: string, name: string | undefined) => {
    if (tail === '$') return '$';
    return (name === undefined ? undefined : env[name]) ?? whole;
  });
}
