import { findCondition } from '../../../src/domain/condition.ts';
import { judge, judgeElsewhere } from '../oracle/judge.ts';
import { effectsOf, strayWrites } from '../oracle/effects.ts';
import { isTarget, type History } from '../oracle/history.ts';
import { authors, distinct, writesOfNobody, type AuthorOf } from './attribution.ts';
import { policies, type Order } from './orders.ts';
import type { Asked, Swarm } from './swarm.ts';

export interface Judged {
  readonly order: Order;
  /** `duplicate: 2 writes …`; empty when all is as it should be. */
  readonly findings: readonly string[];
  /** Writes, or changes if those are more. */
  readonly effects: number;
  /** By a person. */
  readonly deleted: boolean;
  /** `Healed`; `gone` for one of which nothing was said before it went. */
  readonly end: string;
  readonly seconds: number | undefined;
}

export interface Verdict {
  readonly actions: readonly Judged[];
  /** What is nobody's: writes and changes that belong to no action, and effects on which rivals do not agree. */
  readonly others: readonly string[];
}

/** Judges each action as if it had been alone, by the writes that carry its uid and the changes that carry its mark. */
export function verdictOn(swarm: Swarm, lingering: ReadonlySet<string>): Verdict {
  const { audit, asked, namespace } = swarm;
  audit.readOn();
  const writes = audit.writesIn(namespace);
  const uids = asked.map(({ uid }) => uid);
  const targets = [...new Set(asked.flatMap(({ order }) => order.writes))];
  const began = Math.min(...asked.map(({ since }) => since));
  const sightings = swarm.observer.sightings(namespace);
  const authorOf = authors(sightings, writes, uids);
  const actions = asked.map((one) => judgeOne(swarm, one, authorOf, lingering.has(one.uid)));
  const all = { targets };
  const ofNobody = sightings
    .filter((sighting) => sighting.version > began && authorOf(sighting) === undefined)
    // Pods come and go with their workloads: only those that are targets tell anything.
    .filter(({ key }) => !key.startsWith('pods/') || isTarget(all, key))
    .map(({ key, state }) => `${key} became ${state} by nobody's doing`);
  const names = asked.flatMap(({ order }) => [order.name, order.target.name]);
  const records = [
    ...names.flatMap((name) => [`healingactions/${name}`, `healingactions/${name}/status`, `events/${name}`]),
    ...Object.keys(policies).map((name) => `healingpolicies/${name}/status`),
  ];
  return {
    actions,
    others: [
      ...ofNobody,
      ...writesOfNobody(writes, uids, targets),
      ...strayWrites({ writes, expected: all, records }),
      ...rivalry(actions),
      ...audit.namespaces
        .filter((other) => other !== namespace)
        .flatMap((other) => judgeElsewhere(other, audit.writesIn(other)))
        .map(({ fault, detail }) => `${fault}: ${detail}`),
    ],
  };
}

function judgeOne(
  swarm: Swarm,
  { order, uid, since, endedAfterMs }: Asked,
  authorOf: AuthorOf,
  lingers: boolean,
): Judged {
  const { namespace, observer, audit, people } = swarm;
  const writes = audit.writesIn(namespace).filter(({ auditID }) => auditID.includes(uid));
  const sightings = observer
    .sightings(namespace)
    .filter(({ key }) => isTarget({ targets: order.writes }, key))
    .filter((sighting) => authorOf(sighting) === uid || sighting.version <= since)
    .map(distinct);
  const effects = Math.max(
    effectsOf({ writes, expected: { targets: order.writes } }).length,
    sightings.filter(({ version }) => version > since).length,
  );
  const action = observer.action(namespace, order.name);
  const history: History = {
    expected: {
      targets: order.writes,
      effects: order.effect === 'none' || (order.effect === 'rival' && effects === 0) ? 0 : 1,
      rollbacks: order.takenBack === true ? 1 : 0,
      reasons: order.effect === 'rival' ? [effects === 0 ? 'TargetGone' : 'Healed'] : order.reasons,
    },
    writes,
    records: [],
    sightings,
    since,
    action,
    gone: observer.isGone(namespace, order.name),
    deleted: people.hasDeleted(order.name),
    lingers,
    endings: observer.endings(namespace, order.name),
    unfired: [],
    auditMayLack: false,
  };
  return {
    order,
    findings: judge(history).map(({ fault, detail }) => `${order.name}: ${fault}: ${detail}`),
    effects,
    deleted: history.deleted,
    end: findCondition(action?.status?.conditions, 'Succeeded')?.reason ?? 'gone',
    seconds: endedAfterMs === undefined ? undefined : endedAfterMs / 1_000,
  };
}

/** Of those that want the same pod to go exactly one has its way. */
function rivalry(actions: readonly Judged[]): string[] {
  const rivals = actions.filter(({ order }) => order.effect === 'rival');
  return [...Map.groupBy(rivals, ({ order }) => order.writes.join()).entries()].flatMap(([target, group]) => {
    const effects = group.reduce((sum, one) => sum + one.effects, 0);
    return effects === 1 ? [] : [`${target}: ${effects} effects of ${group.length} rivals`];
  });
}
