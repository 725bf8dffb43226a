import { createHash } from 'node:crypto';
import { messageOf } from '../../adapters/kubernetes/kube-error.ts';
import { verifyChain, type AuditRecord, type ChainRules, type ChainVerdict } from '../../domain/audit-chain.ts';
import { readAuditLine } from '../../telemetry/audit-line.ts';

const digest = (text: string): string => createHash('sha256').update(text).digest('hex');

/** What is known about the record of one action. */
export interface Checked {
  readonly action: AuditRecord['action'];
  readonly verdict: ChainVerdict;
}

export type Tolerance = Pick<ChainRules, 'mayBeginLater' | 'anyOrder'>;

/** Records in the order in which they were written, of as many actions as there are. */
export function check(records: readonly AuditRecord[], tolerance: Tolerance): Checked[] {
  const byAction = Map.groupBy(records, ({ action }) => action.uid);
  return [...byAction.values()].flatMap((chain) => {
    const [first] = chain;
    return first === undefined ? [] : [{ action: first.action, verdict: verifyChain(chain, { ...tolerance, digest }) }];
  });
}

/** Reads what a worker has written to its standard output; lines of others are passed over. */
export class AuditReader {
  readonly records: AuditRecord[] = [];
  readonly unreadable: { readonly line: number; readonly message: string }[] = [];
  #line = 0;

  take(line: string): void {
    this.#line += 1;
    try {
      const record = readAuditLine(line);
      if (record !== undefined) this.records.push(record);
    } catch (error) {
      this.unreadable.push({ line: this.#line, message: messageOf(error) });
    }
  }
}

/**
 * What the file lacks of what the status of an action has, or has otherwise. The status keeps only the newest entries, so
 * the other way round nothing can be said.
 */
export function compare(file: readonly AuditRecord[], status: readonly AuditRecord[]): readonly AuditFinding[] {
  const digests = new Map(file.map(({ action, seq, digest: of }) => [`${action.uid} ${seq}`, of]));
  const found = new Map<string, AuditFinding>();
  for (const { action, seq, digest: of } of status) {
    const copy = digests.get(`${action.uid} ${seq}`);
    if (copy === of || found.has(action.uid)) continue;
    const message =
      copy === undefined
        ? `entry ${seq} is in the status and not in the file`
        : `entry ${seq} is another one in the file than in the status`;
    found.set(action.uid, { action, message });
  }
  return [...found.values()];
}

export interface AuditFinding {
  readonly action: AuditRecord['action'];
  readonly message: string;
}
