import { findCondition, isTrue } from '../../../src/domain/condition.ts';
import { FINALIZER } from '../../../src/api/constants.ts';
import type { HealingAction } from '../../../src/api/healing-action.ts';
import { isTerminal } from '../../../src/domain/outcome.ts';
import type { AuditEvent } from '../../support/audit-log.ts';
import { changesIn } from './changes.ts';
import { effectsOf, strayWrites, unsureEffectsOf, writesElsewhere } from './effects.ts';
import type { History } from './history.ts';

export type Fault = 'duplicate' | 'lost' | 'wrongTarget' | 'misreported' | 'unfired';

export interface Finding {
  readonly fault: Fault;
  readonly detail: string;
}

/** Compares what happened, by the API server's log and by an independent watch, with what should have and with what was said. */
export function judge(given: History): readonly Finding[] {
  const history = isCancelled(given) ? { ...given, expected: { ...given.expected, ...NOTHING } } : given;
  const { expected, unfired, auditMayLack } = history;
  const changes = changesIn(history);
  const certain = effectsOf(history);
  // Of what was not answered the watch tells whether it was stored.
  const unexplained = Math.max(0, changes.onTargets.length - certain.length);
  const writes = [...certain, ...unsureEffectsOf(history).slice(0, unexplained)];
  const stray = [...strayWrites(history), ...changes.elsewhere];
  const wanted = expected.effects + expected.rollbacks;
  const changed = changes.onTargets.length;
  // What is written and changes nothing was not done; what changes and was not written was done by others. Only an API
  // server that is killed may have stored what it could not log any more.
  const least = auditMayLack ? changed : Math.min(writes.length, changed);
  const most = Math.max(writes.length, changed);
  const found = `${writes.length} writes (${writes.join(', ')}), ${changed} changes`;
  return [
    ...unfired.map((detail) => ({ fault: 'unfired', detail }) as const),
    ...stray.map((detail) => ({ fault: 'wrongTarget', detail }) as const),
    ...(most > wanted ? [{ fault: 'duplicate', detail: `${found} instead of ${wanted}` } as const] : []),
    ...whatIsMissing(history, least, wanted, found),
    ...whatWasSaid(history, least, wanted, found),
  ];
}

/** In a namespace in which no healing is, the healer has nothing to write. */
export const judgeElsewhere = (namespace: string, writes: readonly AuditEvent[]): readonly Finding[] =>
  writesElsewhere(writes).map((write) => ({ fault: 'wrongTarget', detail: `in namespace "${namespace}": ${write}` }));

const NOTHING = { effects: 0, rollbacks: 0, reasons: ['Deleted'] } as const;

/** Deleted before it could have an effect: it says so, or is gone and had claimed none. */
function isCancelled({ deleted, gone, action }: History): boolean {
  const succeeded = findCondition(action?.status?.conditions, 'Succeeded');
  return (
    deleted && (succeeded?.reason === 'Deleted' || (gone && action?.status?.claim === undefined && !hasEnded(action)))
  );
}

const hasEnded = (action: HealingAction | undefined): boolean => isTerminal(action?.status?.conditions);

/** The healing has not ended, or has ended without what it was to do. */
function whatIsMissing(history: History, seen: number, wanted: number, found: string): Finding[] {
  const { action, expected, gone, deleted, lingers } = history;
  const lost = (detail: string): Finding[] => [{ fault: 'lost', detail }];
  if (lingers) return lost('its workflow goes on');
  if (action === undefined || (gone && !deleted)) return lost('the record of the healing is gone');
  if (gone && !hasEnded(action) && wanted === 0) return [];
  const succeeded = findCondition(action.status?.conditions, 'Succeeded');
  if (succeeded === undefined || succeeded.status === 'Unknown')
    return lost(`it has not ended: ${succeeded?.message ?? 'nothing was ever said'}; ${found}`);
  if (!gone && action.metadata.finalizers?.includes(FINALIZER) === true)
    return lost('it has ended, but still holds its finalizer');
  // Of several parts no further one is begun; but what was done is still taken back.
  if (deleted && seen > 0 && seen < expected.effects && succeeded.reason === 'NeedsHuman') return [];
  return seen < wanted ? lost(`${found} instead of ${wanted}; it says ${succeeded.reason}: ${succeeded.message}`) : [];
}

/** What the status says must be what happened. */
function whatWasSaid({ action, endings, expected }: History, seen: number, wanted: number, found: string): Finding[] {
  const findings: Finding[] = [];
  const misreported = (detail: string): void => void findings.push({ fault: 'misreported', detail });
  if (endings.length > 1) misreported(`it has ended more than once: ${endings.join(', then ')}`);
  const conditions = action?.status?.conditions;
  const succeeded = findCondition(conditions, 'Succeeded');
  if (succeeded === undefined || succeeded.status === 'Unknown') return findings;
  const says = `${succeeded.reason}: ${succeeded.message}`;
  const executed = isTrue(conditions, 'Executed');
  const rolledBack = isTrue(conditions, 'RolledBack');
  if (seen === 0 && (executed || succeeded.status === 'True'))
    misreported(`nothing happened, but it says ${executed ? 'Executed' : says}`);
  if (rolledBack && seen < wanted) misreported(`it says RolledBack; ${found} instead of ${wanted}`);
  if (seen < wanted) return findings;
  if (wanted > 0 && !executed) misreported(`it was done, but it does not say Executed; ${says}`);
  if (expected.rollbacks > 0 && !rolledBack) misreported(`it was taken back, but it does not say RolledBack; ${says}`);
  if (!(expected.reasons as readonly string[]).includes(succeeded.reason))
    misreported(`${found} as wanted, but it says ${says} instead of ${expected.reasons.join(' or ')}`);
  return findings;
}
