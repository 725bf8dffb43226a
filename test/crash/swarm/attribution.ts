import type { AuditEvent } from '../../support/audit-log.ts';
import { describeWrite, effectsOf, unsureEffectsOf } from '../oracle/effects.ts';
import type { Sighting } from '../oracle/history.ts';

/** Whose change it was: uid of a HealingAction, or undefined when nothing tells. */
export type AuthorOf = (sighting: Sighting) => string | undefined;

const uidIn = (mark: string): string => mark.slice(mark.indexOf('-') + 1);

/**
 * Tells the changes of several actions on one object apart: a change is of the action whose mark appears with it. What is
 * gone was perhaps claimed by several; then it is of the one that asked for its deletion. A Job has its action in its name.
 */
export function authors(
  sightings: readonly Sighting[],
  writes: readonly AuditEvent[],
  uids: readonly string[],
): AuthorOf {
  const deletions = writes.filter(({ verb, objectRef }) => verb === 'delete' || objectRef?.subresource === 'eviction');
  const authorOf = new Map<Sighting, string>();
  const marks = new Map<string, readonly string[]>();
  for (const sighting of sightings) {
    const { key, state } = sighting;
    const before = marks.get(key) ?? [];
    marks.set(key, sighting.marks);
    const named = uids.find((uid) => key.startsWith('jobs/') && key.includes(uid));
    const news = sighting.marks.filter((mark) => !before.includes(mark)).map(uidIn);
    const candidates =
      state === 'gone'
        ? sighting.marks.map(uidIn).filter((uid) => deletions.some((write) => isOf(write, uid, key)))
        : news;
    const author = named ?? (candidates.length === 1 ? candidates[0] : undefined);
    if (author !== undefined) authorOf.set(sighting, author);
  }
  return (sighting) => authorOf.get(sighting);
}

function isOf(write: AuditEvent, uid: string, key: string): boolean {
  const one = { writes: [write], expected: { targets: [key] } };
  return write.auditID.includes(uid) && [...effectsOf(one), ...unsureEffectsOf(one)].length > 0;
}

/** Each as a state of its own: what changes to and fro has changed all the same. */
export const distinct = ({ state, version, ...sighting }: Sighting): Sighting => ({
  ...sighting,
  version,
  state: state === 'gone' ? state : `${state}@${version}`,
});

/** Stored writes of anything but records that carry the uid of none of these actions. */
export const writesOfNobody = (
  writes: readonly AuditEvent[],
  uids: readonly string[],
  targets: readonly string[],
): readonly string[] =>
  writes
    .filter(({ auditID }) => !uids.some((uid) => auditID.includes(uid)))
    .filter((write) => effectsOf({ writes: [write], expected: { targets } }).length === 1)
    .map(describeWrite);
