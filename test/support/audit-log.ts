import { readFileSync } from 'node:fs';

/** One request as the API server itself recorded it. */
export interface AuditEvent {
  readonly auditID: string;
  readonly verb: string;
  readonly user: { readonly username: string };
  readonly objectRef?: {
    readonly resource?: string;
    readonly subresource?: string;
    readonly namespace?: string;
    readonly name?: string;
    readonly apiGroup?: string;
  };
  readonly requestURI: string;
  readonly responseStatus?: { readonly code?: number };
  readonly requestObject?: unknown;
  readonly requestReceivedTimestamp: string;
  /** When the answer was complete: the write is stored and visible. Microseconds. */
  readonly stageTimestamp: string;
}

/** Every complete line of the audit log; a line that is still being written is left out. */
export function readAuditLog(file: string): AuditEvent[] {
  const text = readFileSync(file, 'utf8');
  return text
    .slice(0, text.lastIndexOf('\n') + 1)
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as AuditEvent);
}

export const WORKER_USER = 'system:serviceaccount:kubeskippy-system:kubeskippy-worker';

/** The verbs of requests that write. */
export const WRITES: ReadonlySet<string> = new Set(['create', 'update', 'patch', 'delete', 'deletecollection']);

const succeeded = (event: AuditEvent): boolean => {
  const code = event.responseStatus?.code ?? 0;
  return code >= 200 && code < 300;
};

/**
 * The writes of KubeSkippy's worker that changed a workload: patches, evictions and deletions that the API server accepted,
 * and Jobs that were made to run. Its own objects, Events, dry runs and its own marks (claims and fences) do not count.
 */
export const effectsIn = (events: readonly AuditEvent[]): AuditEvent[] =>
  events.filter((event) => {
    if (event.user.username !== WORKER_USER || !WRITES.has(event.verb) || !succeeded(event)) return false;
    if (event.requestURI.includes('dryRun=')) return false;
    const { resource = '', subresource } = event.objectRef ?? {};
    if (resource === 'pods' && (subresource === 'eviction' || event.verb === 'delete')) return true;
    if (resource === 'jobs') return event.verb === 'create' && !isSuspended(event.requestObject);
    if (!['deployments', 'statefulsets', 'daemonsets', 'pods'].includes(resource)) return false;
    return !marksOnly(event.requestObject);
  });

const isSuspended = (job: unknown): boolean =>
  (job as { spec?: { suspend?: boolean } } | undefined)?.spec?.suspend === true;

function marksOnly(patch: unknown): boolean {
  if (!Array.isArray(patch)) return false;
  const isMark = (key: string): boolean => key.startsWith('kubeskippy.io/');
  return (patch as { op: string; path: string; value?: unknown }[])
    .filter(({ op }) => op !== 'test')
    .every(
      ({ path, value }) =>
        path.startsWith('/metadata/annotations/kubeskippy.io~1') ||
        (path === '/metadata/annotations' && Object.keys(value ?? {}).every(isMark)),
    );
}
