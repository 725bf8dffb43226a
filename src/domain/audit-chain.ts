import type { AuditEntry, HealingAction } from '../api/healing-action.ts';
import { canonical } from './canonical.ts';
import type { ObjectRef } from './target-ref.ts';

/** What all entries of one HealingAction are about. Nothing of it can change while the action exists. */
export interface AuditSubject {
  readonly action: ObjectRef;
  readonly target: {
    readonly apiVersion: string;
    readonly kind: string;
    readonly namespace: string;
    readonly name: string;
  };
}

/** An entry that can be understood and checked on its own: what is copied out of the cluster. */
export type AuditRecord = AuditSubject & AuditEntry;

/** Of a text, in hexadecimal digits. */
export type Digest = (text: string) => string;

export function auditSubject({ metadata, spec }: Pick<HealingAction, 'metadata' | 'spec'>): AuditSubject {
  const namespace = metadata.namespace ?? '';
  const { apiVersion, kind, name } = spec.targetResource;
  return {
    action: { namespace, name: metadata.name, uid: metadata.uid },
    target: { apiVersion, kind, namespace: spec.targetResource.namespace ?? namespace, name },
  };
}

/** The entries that the status of an action keeps: its newest ones. */
export const auditRecords = (action: HealingAction): readonly AuditRecord[] =>
  (action.status?.audit ?? []).map((entry) => ({ ...auditSubject(action), ...entry }));

/** The digest of an entry covers everything that is said in it, the action, the target and the entry before included. */
export const auditDigest = (record: Omit<AuditRecord, 'digest'> & { readonly digest?: string }, of: Digest): string => {
  const { digest: _, ...said } = record;
  return of(canonical(said));
};

export interface AuditFault {
  /** Number of the first entry with which something is wrong. */
  readonly seq: number;
  readonly kind: 'changed' | 'missing' | 'reordered' | 'doubled';
  /** For people. */
  readonly message: string;
}

export interface ChainVerdict {
  readonly fault?: AuditFault;
  /** How many entries there are, repeated ones counted once. */
  readonly entries: number;
  /** The last one says how the action ended: nothing is missing behind it. */
  readonly closed: boolean;
}

export interface ChainRules {
  readonly digest: Digest;
  /** Earlier entries may be missing: a status keeps only the newest, a log may have been rotated. */
  readonly mayBeginLater: boolean;
  /** The records come from several logs: in which order they stand says nothing. */
  readonly anyOrder: boolean;
}

/**
 * Whether these records of one action, in the order in which they were written, are all that there were up to the last,
 * and as they were written. An entry that was copied twice counts once.
 */
export function verifyChain(records: readonly AuditRecord[], rules: ChainRules): ChainVerdict {
  const found = new Map<number, AuditRecord>();
  const order: number[] = [];
  let fault: AuditFault | undefined;
  const blame = (seq: number, kind: AuditFault['kind'], message: string): void => {
    if (fault === undefined || seq < fault.seq) fault = { seq, kind, message };
  };

  for (const record of records) {
    const { seq } = record;
    const known = found.get(seq);
    if (known === undefined) {
      found.set(seq, record);
      order.push(seq);
    } else if (canonical(known) !== canonical(record))
      blame(seq, 'doubled', `entry ${seq} is there twice, and says different things`);
  }
  const intact = (record: AuditRecord | undefined): boolean =>
    record === undefined || auditDigest(record, rules.digest) === record.digest;
  for (const record of found.values())
    if (!intact(record))
      blame(record.seq, 'changed', `entry ${record.seq} was changed: its digest is not that of what it says`);

  const sequence = [...found.keys()].sort((a, b) => a - b);
  const first = sequence[0];
  if (first !== undefined && first > 1 && !rules.mayBeginLater)
    blame(1, 'missing', first === 2 ? 'entry 1 is missing' : `entries 1 to ${first - 1} are missing`);
  for (const [index, seq] of sequence.entries()) {
    const before = sequence[index - 1];
    const record = found.get(seq);
    if (before === undefined) {
      if (seq === 1 && record?.prev !== undefined) blame(1, 'changed', 'entry 1 was changed: it names one before it');
      continue;
    }
    if (seq !== before + 1)
      blame(
        before + 1,
        'missing',
        seq === before + 2 ? `entry ${before + 1} is missing` : `entries ${before + 1} to ${seq - 1} are missing`,
      );
    else if (intact(record) && record?.prev !== found.get(before)?.digest)
      blame(before, 'changed', `entry ${before} was changed or exchanged: entry ${seq} was written after another one`);
  }
  if (!rules.anyOrder)
    for (const [index, seq] of order.entries())
      if (index > 0 && seq < (order[index - 1] ?? 0))
        blame(seq, 'reordered', `entry ${seq} stands behind entry ${order[index - 1] ?? 0}`);

  const last = sequence.at(-1);
  const closed = last !== undefined && found.get(last)?.kind === 'end';
  return { ...(fault === undefined ? {} : { fault }), entries: found.size, closed };
}
