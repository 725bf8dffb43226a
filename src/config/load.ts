import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { z } from 'zod';
import { Config } from './config.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** Environment variables, the path that each sets, and how its text is read. They win over the file. */
const VARIABLES: Readonly<
  Record<string, { readonly path: readonly string[]; readonly read: (text: string) => unknown }>
> = {
  KUBESKIPPY_TEMPORAL_ADDRESS: { path: ['temporal', 'address'], read: String },
  KUBESKIPPY_TEMPORAL_NAMESPACE: { path: ['temporal', 'namespace'], read: String },
  KUBESKIPPY_KUBECONFIG: { path: ['kubernetes', 'kubeconfig'], read: String },
  KUBESKIPPY_CONTEXT: { path: ['kubernetes', 'context'], read: String },
  KUBESKIPPY_ACCEPT_SIGNALS: { path: ['approvals', 'acceptSignals'], read: boolean },
  KUBESKIPPY_REQUIRE_IDENTITY: { path: ['approvals', 'requireIdentity'], read: boolean },
  KUBESKIPPY_DRY_RUN: { path: ['safety', 'dryRun'], read: boolean },
  KUBESKIPPY_ANALYZER: { path: ['analysis', 'analyzer'], read: String },
  KUBESKIPPY_PROMETHEUS_URL: { path: ['prometheus', 'url'], read: String },
  KUBESKIPPY_PROMETHEUS_LOOKBACK_MS: { path: ['prometheus', 'lookbackMs'], read: Number },
  KUBESKIPPY_METRICS_PORT: { path: ['metrics', 'port'], read: Number },
  KUBESKIPPY_METRICS_HOST: { path: ['metrics', 'host'], read: String },
  KUBESKIPPY_LOG_LEVEL: { path: ['log', 'level'], read: String },
};

function boolean(text: string): unknown {
  if (text === 'true' || text === '1') return true;
  if (text === 'false' || text === '0') return false;
  return text; // refused by the schema, with its name
}

const at = (target: Readonly<Record<string, unknown>>, path: readonly string[]): unknown =>
  path.reduce<unknown>((value, name) => (isRecord(value) ? value[name] : undefined), target);

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A section that is no mapping is left for the schema to refuse, by its name. */
function setAt(target: Record<string, unknown>, path: readonly string[], value: unknown): void {
  const [head, ...rest] = path;
  if (head === undefined) return;
  if (rest.length === 0) {
    target[head] = value;
    return;
  }
  const child = target[head];
  if (child !== undefined && !isRecord(child)) return;
  const next = { ...child };
  target[head] = next;
  setAt(next, rest, value);
}

/** Set by the kubelet in every pod. There Temporal's port may be open to others, and a bare signal proves nobody. */
const inCluster = ({ KUBERNETES_SERVICE_HOST: host }: Environment): boolean => host !== undefined && host !== '';

/** From an optional YAML file, then the environment. Throws one readable error that names every wrong setting. */
export function loadConfig(environment: Environment, file?: string): Config {
  const raw: Record<string, unknown> = {};
  if (file !== undefined) {
    const parsed: unknown = read(file) ?? {};
    if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed))
      throw new Error(`configuration file ${file} must hold a mapping, such as "temporal: {address: …}"`);
    Object.assign(raw, parsed);
  }
  if (inCluster(environment) && at(raw, ['approvals', 'acceptSignals']) === undefined)
    setAt(raw, ['approvals', 'acceptSignals'], false);
  for (const [name, { path, read }] of Object.entries(VARIABLES)) {
    const text = environment[name];
    if (text !== undefined && text !== '') setAt(raw, path, read(text));
  }
  const result = Config.safeParse(raw);
  if (!result.success) throw new Error(`configuration is not valid:\n${z.prettifyError(result.error)}`);
  return frozen(result.data);
}

function read(file: string): unknown {
  try {
    return parse(readFileSync(file, 'utf8'));
  } catch (error) {
    const why = error instanceof Object && 'message' in error ? String(error.message) : String(error);
    throw new Error(`configuration file ${file} cannot be read: ${why}`, { cause: error });
  }
}

/** All the way down: settings are read once, and hold for as long as the process lives. */
function frozen<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value;
  for (const inner of Object.values(value)) frozen(inner);
  return Object.freeze(value);
}
