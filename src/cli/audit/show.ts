import { auditRecords, type AuditRecord } from '../../domain/audit-chain.ts';
import { openCluster } from '../cluster.ts';
import type { ClusterOptions } from '../commands/cluster-options.ts';
import { paintFor, type Paint } from '../output/paint.ts';
import { print, printData, tell, type DataFormat } from '../output/print.ts';
import { tableLines, type Row } from '../output/table.ts';

/** `kubeskippy audit NAME`: the entries that the status of an action keeps. */
export async function showAudit(
  name: string,
  options: ClusterOptions & { readonly output?: DataFormat },
): Promise<void> {
  const cluster = openCluster(options);
  const action = await cluster.read(cluster.named(name));
  const records = auditRecords(action);
  if (options.output !== undefined) {
    printData(records, options.output);
    return;
  }
  if (records.length === 0) {
    tell(
      `HealingAction ${action.metadata.namespace ?? ''}/${action.metadata.name} has not been about to change anything`,
    );
    return;
  }
  const first = records[0]?.seq ?? 1;
  if (first > 1) tell(`entries 1 to ${first - 1} are no longer in the status; the worker's standard output had them`);
  print(auditLines(records, paintFor(process.stdout)).join('\n'));
}

const TONES = { claim: 'plain', intent: 'plain', outcome: 'strong', end: 'strong' } as const;

export const auditLines = (records: readonly AuditRecord[], paint: Paint): string[] =>
  tableLines(
    [
      ['SEQ', 'TIME', 'STEP', 'ENTRY', 'EFFECT', 'TRY', 'PLAN', 'DIGEST', 'WHAT'],
      ...records.map(({ seq, time, step, kind, effect, attempt, planDigest, digest, summary }): Row => [
        String(seq),
        time,
        step ?? '-',
        { text: kind, tone: TONES[kind] },
        effect ?? '-',
        attempt === undefined ? '-' : String(attempt),
        planDigest?.slice(0, 12) ?? '-',
        digest.slice(0, 12),
        summary ?? '',
      ]),
    ],
    paint,
  );
