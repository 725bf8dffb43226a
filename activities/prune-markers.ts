import type { HealingAction } from '../src/api/healing-action.ts';
import { GROUP, markerKey } from '../src/api/constants.ts';
import type { KubeObject } from '../src/api/meta.ts';
import { pointer } from '../src/domain/json-patch.ts';
import { isTerminal } from '../src/domain/outcome.ts';
import type { Write } from '../src/ports/cluster.ts';
import type { ActivityPorts } from './ports.ts';

/** So many marks of earlier actions may stay on a target: they are small, and asking which have ended costs a request. */
const MAX_MARKS = 20;
const MARK = new RegExp(`^${GROUP}/(?:applied|reverted)-(.+)$`);

/**
 * The same write, which also takes the marks of finished actions off its target when they have become many. Annotations
 * of an object are bounded; marks that are never removed would at last make every effect fail.
 */
export async function withoutOldMarks(
  { actions }: Pick<ActivityPorts, 'actions'>,
  write: Write,
  target: KubeObject,
  action: HealingAction,
): Promise<Write> {
  if (write.type !== 'patch') return write;
  const marks = Object.keys(target.metadata.annotations ?? {}).flatMap((key) => {
    const uid = MARK.exec(key)?.[1];
    return uid === undefined || key === markerKey(action.metadata.uid) ? [] : [{ key, uid }];
  });
  if (marks.length <= MAX_MARKS) return write;
  const all = await actions.list({ namespace: action.metadata.namespace ?? '' });
  const unfinished = new Set(
    all.filter(({ status }) => !isTerminal(status?.conditions)).map(({ metadata }) => metadata.uid),
  );
  const old = marks.filter(({ uid }) => !unfinished.has(uid));
  return {
    ...write,
    operations: [
      ...write.operations,
      ...old.map(({ key }) => ({ op: 'remove', path: pointer('metadata', 'annotations', key) }) as const),
    ],
  };
}
