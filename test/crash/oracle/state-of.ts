import { createHash } from 'node:crypto';
import type { KubeObject } from '../../../src/api/meta.ts';
import { canonical } from '../../../src/domain/canonical.ts';

/** What controllers of the cluster write for their own ends, and what the healer marks its targets with. */
const NOT_MEANT = /^(kubeskippy\.io|deployment\.kubernetes\.io|deprecated\.daemonset)\//;
/** Only whether they are there: the rest of them changes by itself. */
const EXISTENCE: ReadonlySet<string> = new Set(['pods', 'jobs']);

const MARK = /^kubeskippy\.io\/((?:applied|reverted)-.+)$/;

/** Which actions have marked it, and how. */
export const marksOn = ({ metadata: { annotations = {} } }: KubeObject): readonly string[] =>
  Object.keys(annotations).flatMap((key) => MARK.exec(key)?.[1] ?? []);

/** All of an object that changes only when somebody wants it to; `gone` from the moment its deletion was asked for. */
export function stateOf(plural: string, type: string, object: KubeObject): string {
  const { uid, labels = {}, annotations = {}, deletionTimestamp } = object.metadata;
  if (type === 'DELETED' || deletionTimestamp !== undefined) return 'gone';
  if (EXISTENCE.has(plural)) return uid;
  const {
    metadata: _metadata,
    status: _status,
    apiVersion: _version,
    kind: _kind,
    ...rest
  } = object as KubeObject & {
    readonly status?: unknown;
  };
  const meant = Object.fromEntries(Object.entries(annotations).filter(([key]) => !NOT_MEANT.test(key)));
  const digest = createHash('sha256').update(canonical({ rest, labels, meant })).digest('hex').slice(0, 12);
  return `${uid}:${digest}`;
}
