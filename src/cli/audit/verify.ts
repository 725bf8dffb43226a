import { createReadStream, statSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { auditRecords, type AuditRecord } from '../../domain/audit-chain.ts';
import { messageOf } from '../../adapters/kubernetes/kube-error.ts';
import { openCluster } from '../cluster.ts';
import type { ClusterOptions } from '../commands/cluster-options.ts';
import { CommandFailure, EXIT } from '../exit.ts';
import { paintFor } from '../output/paint.ts';
import { print, printData, tell, type DataFormat } from '../output/print.ts';
import { isTypeAndName, withoutType } from '../type-and-name.ts';
import { AuditReader, check, compare, type AuditFinding, type Checked } from './check.ts';

export interface VerifyOptions extends ClusterOptions {
  /** What a worker wrote to its standard output; `-` for ours. */
  readonly file?: string;
  /** Also compares the file with the status of the actions in the cluster. */
  readonly withStatus?: true;
  /** The file does not begin with the first entry of each action. */
  readonly rotated?: true;
  /** The file has the lines of several workers, in no order. */
  readonly merged?: true;
  readonly output?: DataFormat;
}

/**
 * `kubeskippy audit verify [NAME|FILE]`: exit code 1 when an entry was changed, is missing or stands elsewhere. A file needs
 * no cluster.
 */
export async function verifyAudit(what: string | undefined, options: VerifyOptions): Promise<void> {
  const file = options.file ?? (what !== undefined && isFile(what) ? what : undefined);
  const name = what === file ? undefined : what;
  const inStatus =
    file === undefined || name !== undefined || options.withStatus === true ? await statusOf(name, options) : [];
  const reader = new AuditReader();
  if (file !== undefined) await read(file, reader);

  const ofStatus = check(inStatus, { mayBeginLater: true, anyOrder: false });
  const ofFile = check(
    name === undefined ? reader.records : reader.records.filter(({ action }) => isOf(action, inStatus, name)),
    { mayBeginLater: options.rotated === true, anyOrder: options.merged === true },
  );
  const faults =
    file === undefined
      ? faultsIn(ofStatus)
      : [...faultsIn(ofFile), ...compare(reader.records, inStatus), ...faultsIn(ofStatus, 'in the status: ')];
  report(file === undefined ? ofStatus : ofFile, faults, reader, options);
  process.exitCode = faults.length + reader.unreadable.length === 0 ? EXIT.ok : EXIT.failed;
}

const faultsIn = (checked: readonly Checked[], where = ''): readonly AuditFinding[] =>
  checked.flatMap(({ action, verdict: { fault } }) =>
    fault === undefined ? [] : [{ action, message: `${where}${fault.message}` }],
  );

const isOf = (action: AuditRecord['action'], inStatus: readonly AuditRecord[], name: string): boolean =>
  inStatus.length === 0
    ? action.name === withoutType(name)
    : inStatus.some((record) => record.action.uid === action.uid);

/** A name of an action has no slash (but in `ha/NAME`) and is no file that is there; `--file` leaves no doubt. */
function isFile(text: string): boolean {
  if (isTypeAndName(text)) return false;
  if (text === '-' || text.includes('/')) return true;
  return statSync(text, { throwIfNoEntry: false })?.isFile() === true;
}

async function statusOf(name: string | undefined, options: VerifyOptions): Promise<readonly AuditRecord[]> {
  const cluster = openCluster(options);
  const found = name === undefined ? await cluster.list() : [await cluster.read(cluster.named(name))];
  return found.flatMap(auditRecords);
}

async function read(file: string, reader: AuditReader): Promise<void> {
  const input = file === '-' ? process.stdin : createReadStream(file, 'utf8');
  try {
    for await (const line of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) reader.take(line);
  } catch (error) {
    throw new CommandFailure(EXIT.usage, `cannot read ${file}: ${messageOf(error)}`, { cause: error });
  }
}

function report(
  checked: readonly Checked[],
  faults: readonly AuditFinding[],
  { unreadable }: AuditReader,
  { output, file }: VerifyOptions,
): void {
  if (output !== undefined) {
    printData(
      {
        intact: faults.length + unreadable.length === 0,
        actions: checked.map(({ action, verdict: { fault, entries, closed } }) => ({
          ...action,
          entries,
          closed,
          fault: fault ?? null,
        })),
        faults: faults.map(({ action, message }) => ({ ...action, message })),
        unreadable,
      },
      output,
    );
    return;
  }
  const paint = paintFor(process.stdout);
  for (const { line, message } of unreadable) print(paint('bad', `line ${line} cannot be read: ${message}`));
  for (const { action, message } of faults)
    print(paint('bad', `HealingAction ${action.namespace}/${action.name} (${action.uid}): ${message}`));
  const entries = checked.reduce((sum, { verdict }) => sum + verdict.entries, 0);
  const open = checked.filter(({ verdict }) => !verdict.closed).length;
  const counted = `${entries} entries of ${checked.length} HealingActions`;
  if (faults.length + unreadable.length > 0) print(paint('bad', `NOT intact: ${counted}`));
  else print(paint('good', `intact: ${counted}`));
  if (open > 0)
    print(`${open} of them do not end with an entry "end": they run still, or their last entries are missing`);
  if (checked.length === 0 && file !== undefined)
    tell('no line of it is an audit entry: is it what a worker wrote to its standard output?');
}
