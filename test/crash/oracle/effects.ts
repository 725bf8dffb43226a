import type { AuditEvent } from '../../support/audit-log.ts';
import { isTarget, type History } from './history.ts';

const WRITES: ReadonlySet<string> = new Set(['create', 'update', 'patch', 'delete', 'deletecollection']);
/** The healer's own records. */
const OWN_GROUPS: ReadonlySet<string> = new Set(['kubeskippy.io', 'events.k8s.io']);
const OWN_ANNOTATIONS = '/metadata/annotations/kubeskippy.io~1';

/** Writes that were stored, of objects that are not the healer's own. */
const storedWrites = ({ writes }: Pick<History, 'writes'>): AuditEvent[] =>
  writes.filter(({ verb, requestURI, responseStatus, objectRef }) => {
    const code = responseStatus?.code ?? 0;
    if (!WRITES.has(verb) || code < 200 || code > 299 || /[?&]dryRun=/.test(requestURI)) return false;
    return !OWN_GROUPS.has(objectRef?.apiGroup ?? '');
  });

const keyOf = ({ objectRef }: AuditEvent): string => `${objectRef?.resource ?? '?'}/${objectRef?.name ?? '*'}`;

/** Whether it sets nothing but annotations of the healer: a claim, a fence, a mark. */
function isMark({ verb, requestObject }: AuditEvent): boolean {
  if (verb !== 'patch') return false;
  if (Array.isArray(requestObject))
    return (requestObject as { op: string; path: string; value?: unknown }[])
      .filter(({ op }) => op !== 'test')
      .every(
        ({ path, value }) => path.startsWith(OWN_ANNOTATIONS) || (path === '/metadata/annotations' && areMarks(value)),
      );
  return false;
}

const areMarks = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && Object.keys(value).every((key) => key.startsWith('kubeskippy.io/'));

const describe = (event: AuditEvent): string => {
  const { subresource } = event.objectRef ?? {};
  return `${event.verb} ${keyOf(event)}${subresource === undefined ? '' : `/${subresource}`} [${event.auditID}]`;
};

/** No effect is ever of all objects of a kind. */
const isOnTarget = (history: Pick<History, 'expected'>, event: AuditEvent): boolean =>
  event.verb !== 'deletecollection' && isTarget(history.expected, keyOf(event));

/** The writes that count as effects on what may be written. */
export const effectsOf = (history: Pick<History, 'writes' | 'expected'>): string[] =>
  storedWrites(history)
    .filter((event) => isOnTarget(history, event) && !isMark(event) && !isRelease(event))
    .map(describe);

/** A Job that was made carries our finalizer until its result is recorded; then it is let go, to be removed in its time. */
function isRelease({ verb, requestObject }: AuditEvent): boolean {
  if (verb !== 'patch' || typeof requestObject !== 'object' || requestObject === null) return false;
  if (Array.isArray(requestObject))
    return (requestObject as { op: string; path: string }[])
      .filter(({ op }) => op !== 'test')
      .every(({ path }) => path.startsWith('/metadata/finalizers') || path === '/spec/ttlSecondsAfterFinished');
  const { metadata, ...rest } = requestObject as { metadata?: Readonly<Record<string, unknown>> };
  const { uid: _uid, resourceVersion: _version, finalizers, ...others } = metadata ?? {};
  return finalizers !== undefined && Object.keys(rest).length === 0 && Object.keys(others).length === 0;
}

/** Writes of anything else, marks included. */
export const strayWrites = (history: Pick<History, 'writes' | 'expected'>): string[] =>
  storedWrites(history)
    .filter((event) => !isOnTarget(history, event))
    .map(describe);
