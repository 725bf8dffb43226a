import { WRITES, type AuditEvent } from '../../support/audit-log.ts';
import { isTarget, type Expected, type History } from './history.ts';

/** The healer's own records. */
const OWN_GROUPS: ReadonlySet<string> = new Set(['kubeskippy.io', 'events.k8s.io']);
const OWN_ANNOTATIONS = '/metadata/annotations/kubeskippy.io~1';

/** Writes, and what they were meant for. */
interface Written {
  readonly writes: readonly AuditEvent[];
  readonly expected: Pick<Expected, 'targets'>;
}

const isRehearsal = ({ requestURI }: AuditEvent): boolean => /[?&]dryRun=/.test(requestURI);

const isWrite = (event: AuditEvent): boolean => WRITES.has(event.verb) && !isRehearsal(event);

function isStored(event: AuditEvent): boolean {
  const code = event.responseStatus?.code ?? 0;
  return isWrite(event) && code >= 200 && code <= 299;
}

/** The client has gone away, or it took too long: the API server itself does not know whether it was stored. */
const isUnsure = (event: AuditEvent): boolean => isWrite(event) && event.responseStatus?.code === 504;

const isOwn = ({ objectRef }: AuditEvent): boolean => OWN_GROUPS.has(objectRef?.apiGroup ?? '');

const keyOf = ({ objectRef }: AuditEvent): string => `${objectRef?.resource ?? '?'}/${objectRef?.name ?? '*'}`;

function pathOf(event: AuditEvent): string {
  const { subresource } = event.objectRef ?? {};
  return `${keyOf(event)}${subresource === undefined ? '' : `/${subresource}`}`;
}

export const describeWrite = (event: AuditEvent): string => `${event.verb} ${pathOf(event)} [${event.auditID}]`;

/** What a JSON Patch does beside what it tests; undefined for anything else. */
function operationsOf(patch: unknown): readonly { readonly path: string; readonly value?: unknown }[] | undefined {
  if (!Array.isArray(patch)) return undefined;
  return (patch as { op: string; path: string; value?: unknown }[]).filter(({ op }) => op !== 'test');
}

/** Whether a patch sets nothing but annotations of the healer: a claim, a fence, a mark. */
export const isMark = (patch: unknown): boolean =>
  operationsOf(patch)?.every(
    ({ path, value }) => path.startsWith(OWN_ANNOTATIONS) || (path === '/metadata/annotations' && areMarks(value)),
  ) === true;

const areMarks = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && Object.keys(value).every((key) => key.startsWith('kubeskippy.io/'));

/** A Job that was made carries our finalizer until its result is recorded; then it is let go, to be removed in its time. */
function isRelease({ objectRef, requestObject }: AuditEvent): boolean {
  const paths = objectRef?.resource === 'jobs' ? operationsOf(requestObject)?.map(({ path }) => path) : undefined;
  return (
    paths?.includes('/metadata/finalizers') === true &&
    paths.every((path) => path === '/metadata/finalizers' || path === '/spec/ttlSecondsAfterFinished')
  );
}

/** No effect is ever of all objects of a kind. */
const isOnTarget = ({ expected }: Pick<Written, 'expected'>, event: AuditEvent): boolean =>
  event.verb !== 'deletecollection' && isTarget(expected, keyOf(event));

const isEffect = (history: Pick<Written, 'expected'>, event: AuditEvent): boolean =>
  !isOwn(event) && isOnTarget(history, event) && !isMark(event.requestObject) && !isRelease(event);

/** The writes that count as effects on what may be written. */
export const effectsOf = (history: Written): string[] =>
  history.writes.filter((event) => isStored(event) && isEffect(history, event)).map(describeWrite);

/** The same, of which the audit log cannot tell whether they were stored. */
export const unsureEffectsOf = (history: Written): string[] =>
  history.writes
    .filter((event) => isUnsure(event) && isEffect(history, event))
    .map((event) => `${describeWrite(event)} unanswered`);

/** Name of what an Event tells of. */
function subjectOf(event: unknown): string {
  if (typeof event !== 'object' || event === null || !('regarding' in event)) return '?';
  const { regarding } = event;
  if (typeof regarding !== 'object' || regarding === null || !('name' in regarding)) return '?';
  return typeof regarding.name === 'string' ? regarding.name : '?';
}

/** Events have names of their own: what counts is what they tell of. */
const recordOf = (event: AuditEvent): string =>
  event.objectRef?.resource === 'events' ? `events/${subjectOf(event.requestObject)}` : pathOf(event);

/** Writes of anything else, marks included, and records of other healings. */
export const strayWrites = (history: Written & Pick<History, 'records'>): string[] =>
  history.writes
    .filter(
      (event) =>
        isStored(event) && !(isOwn(event) ? history.records.includes(recordOf(event)) : isOnTarget(history, event)),
    )
    .map(describeWrite);

/** Everything that was sent where no healing has anything to write, be it only a record, be it refused; rehearsals are none. */
export const writesElsewhere = (writes: readonly AuditEvent[]): string[] =>
  writes.filter((event) => !isRehearsal(event)).map(describeWrite);
