import type { HealingPolicy } from '../src/api/healing-policy.ts';
import { isWell, isWorkload, rolloutCounts, type Workload } from '../src/domain/health.ts';
import { compileSelection } from '../src/domain/selection.ts';
import type { Neighbours } from '../src/domain/steps.ts';
import type { TargetRef } from '../src/domain/target-ref.ts';
import type { Check } from '../src/domain/verdict.ts';
import type { ClusterReader } from '../src/ports/cluster.ts';

const CHECK = 'neighbours';
const KINDS: readonly string[] = ['Deployment', 'StatefulSet', 'DaemonSet'];
/** Of each kind, by name: a look must not cost more the larger a namespace is. */
const MAX_LOOKED_AT = 50;
/** Of the evidence, which people read: two values of 256 characters. */
const MAX_LINES = 2;
const MAX_LINE = 256;

const nameOf = ({ kind = '', metadata }: Workload): string => `${kind}/${metadata.name}`;
const list = (
  cluster: ClusterReader,
  kind: string,
  namespace: string,
  first: number,
  notOlderThan?: string,
): Promise<readonly Workload[]> =>
  cluster.list<Workload>({
    apiVersion: 'apps/v1',
    kind,
    namespace,
    first,
    ...(notOlderThan === undefined ? {} : { notOlderThan }),
  });

/**
 * How the other workloads that the policy selects are before the effect; undefined when it selects none at all. Those of the
 * subject's kind are no older than the subject itself: enough for what was before, and the API server answers at once.
 */
export async function neighboursBefore(
  cluster: ClusterReader,
  policy: HealingPolicy,
  subject: TargetRef,
): Promise<Neighbours | undefined> {
  const selected = new Set(policy.spec.selector.resources?.map(({ kind }) => kind));
  const kinds = KINDS.filter((kind) => selected.has(kind));
  if (kinds.length === 0) return undefined;
  const { namespace, kind: own } = subject;
  const selection = compileSelection(policy.spec.selector, policy.metadata.namespace ?? '');
  const since = kinds.includes(own) ? (await cluster.get(subject))?.metadata.resourceVersion : undefined;
  const lists = await Promise.all(
    kinds.map((kind) => list(cluster, kind, namespace, MAX_LOOKED_AT, kind === own ? since : undefined)),
  );
  const others = lists
    .flat()
    .filter((workload) => isWorkload(workload) && workload.metadata.uid !== subject.uid && selection.selects(workload));
  const well = others.filter(isWell).map(nameOf).sort();
  const listed = fitting(well);
  return { well: listed, unlisted: well.length - listed.length, others: others.length };
}

/** How they are now: none that was well may be worse. One that is gone or switched off since is somebody's decision. */
export async function neighboursNow(
  cluster: ClusterReader,
  before: Neighbours | undefined,
  namespace: string,
): Promise<Check> {
  if (before === undefined) return { check: CHECK, value: 'not looked at: the policy selects no workloads' };
  const { well, unlisted, others } = before;
  const kinds = KINDS.filter((kind) => well.some((name) => name.startsWith(`${kind}/`)));
  // New ones may have come before them.
  const lists = await Promise.all(kinds.map((kind) => list(cluster, kind, namespace, 2 * MAX_LOOKED_AT)));
  const byName = new Map(lists.flat().map((workload) => [nameOf(workload), workload]));
  const worse = well.flatMap((name) => {
    const workload = byName.get(name);
    if (workload === undefined) return [];
    const { desired, available } = rolloutCounts(workload);
    return available < desired ? [`${name} (${available} of ${desired} available)`] : [];
  });
  const looked = `${well.length} of ${others} others were well and looked at again${unlisted === 0 ? '' : `, ${unlisted} more were well and are too many`}`;
  return worse.length === 0
    ? { check: CHECK, value: `${looked}: none is worse`, verdict: 'healthy' }
    : { check: CHECK, value: `worse than before: ${worse.join(', ')}; ${looked}`, verdict: 'settling' };
}

/** Those names for which the evidence has room. */
function fitting(names: readonly string[]): readonly string[] {
  let count = names.length;
  while (count > 0 && !fits({ well: names.slice(0, count), unlisted: names.length, others: 99_999 })) count -= 1;
  return names.slice(0, count);
}

const fits = (neighbours: Neighbours): boolean => {
  const lines = neighbourLines(neighbours);
  return lines.length <= MAX_LINES && lines.every((line) => line.length <= MAX_LINE);
};

/** As lines of the evidence: `of 5 (0 unlisted): Deployment/cart Deployment/web`, and on. */
export function neighbourLines(neighbours: Neighbours | undefined): readonly string[] {
  if (neighbours === undefined) return [];
  const lines = [`of ${neighbours.others} (${neighbours.unlisted} unlisted):`];
  for (const name of neighbours.well) {
    const longer = `${lines.at(-1) ?? ''} ${name}`;
    if (longer.length <= MAX_LINE) lines[lines.length - 1] = longer;
    else lines.push(name);
  }
  return lines;
}

export function neighboursFrom(lines: readonly string[]): Neighbours | undefined {
  const found = /^of (\d+) \((\d+) unlisted\):(.*)$/.exec(lines.join(' '));
  if (found === null) return undefined;
  const [, others, unlisted, names = ''] = found;
  const well = names.split(' ').filter((name) => name !== '');
  return { well, unlisted: Number(unlisted), others: Number(others) };
}
