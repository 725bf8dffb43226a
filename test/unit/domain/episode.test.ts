import fc from 'fast-check';
import { describe, expect, test } from '@jest/globals';
import {
  applyCreations,
  applyEnd,
  applyObservation,
  applyRetry,
  due,
  emptyPolicyState,
  episodeOf,
  runningActions,
  type Creation,
  type PolicyState,
  type Wanted,
} from '../../../src/domain/episode.ts';
import type { Firing, Observation } from '../../../src/domain/firing.ts';
import type { OutcomeReason } from '../../../src/domain/outcome.ts';

const MINUTE = 60_000;
const ref = (kind: string, name: string) => ({
  apiVersion: 'v1',
  kind,
  namespace: 'shop',
  name,
  uid: `${kind}-${name}`,
});
const firing = (pod: string, over: Partial<Firing> = {}): Firing => ({
  trigger: 'crash',
  subject: ref('Pod', pod),
  candidates: [ref('Pod', pod), ref('Deployment', pod.slice(0, 1))],
  since: '2026-01-01T00:00:00Z',
  evidence: 'it crashed',
  ...over,
});
const observation = (list: readonly Firing[], policyGeneration = 1): Observation => ({
  policy: { namespace: 'shop', name: 'p', uid: 'policy' },
  policyGeneration,
  firing: list,
  overflow: 0,
  selected: 10,
  unhealthy: list.length,
  good: [],
});

/** A policy's memory, driven as its workflow drives it. */
class Policy {
  state: PolicyState = emptyPolicyState();
  now = 0;

  see(list: readonly Firing[], generation?: number): void {
    this.state = applyObservation(this.state, observation(list, generation), this.now);
  }
  wanted(limit = 10): readonly Wanted[] {
    return due(this.state, this.now, limit).wanted;
  }
  /** Creates everything that is due; the uids of what was created. */
  create(make: (wanted: Wanted) => Creation = created()): readonly string[] {
    const wanted = this.wanted();
    this.state = applyCreations(this.state, wanted, wanted.map(make), this.now);
    return runningActions(this.state).map(({ uid }) => uid);
  }
  end(uid: string, reason: OutcomeReason): void {
    this.state = applyEnd(this.state, { uid, reason }, this.now);
  }
}
const created =
  (uid = 'ha', cooldownMs = 5 * MINUTE) =>
  ({ episode }: Wanted): Creation => ({ episode, result: 'created', uid: `${uid}-${episode}`, name: uid, cooldownMs });

const troubled = (): Policy => {
  const policy = new Policy();
  policy.see([firing('a1')]);
  return policy;
};

describe('what is due', () => {
  test('pods of one workload are one trouble, and want one action', () => {
    const policy = new Policy();
    policy.see([firing('a1'), firing('a2'), firing('b1')]);
    expect(policy.wanted().map(({ episode }) => episode)).toEqual(['Deployment-a', 'Deployment-b']);
  });

  test('an object that no controller stands for is its own trouble', () => {
    expect(episodeOf(firing('a1', { candidates: [] }))).toBe('Pod-a1');
  });

  test('the oldest first, by time and not by text', () => {
    const policy = new Policy();
    policy.see([
      firing('c1', { since: '2026-01-01T00:00:02Z' }),
      firing('a1', { since: '2026-01-01T00:00:01.500Z' }),
      firing('b1', { since: '2026-01-01T01:00:01+01:00' }),
    ]);
    expect(policy.wanted().map(({ firing: { subject } }) => subject.name)).toEqual(['b1', 'a1', 'c1']);
  });

  test('not more than the limit, and then again at once', () => {
    const policy = new Policy();
    policy.see([firing('a1'), firing('b1'), firing('c1')]);
    expect(policy.wanted(2)).toHaveLength(2);
    expect(due(policy.state, policy.now, 2).nextAt).toBe(policy.now);
  });

  test('nothing while an action for the same trouble is under way', () => {
    const policy = troubled();
    policy.create();
    policy.see([firing('a1'), firing('a2')]);
    expect(policy.wanted()).toEqual([]);
  });

  test('after the cooldown of the trigger, counted from the end', () => {
    const policy = troubled();
    const [uid = ''] = policy.create();
    policy.now = 10 * MINUTE;
    policy.end(uid, 'NotHealed');
    expect(due(policy.state, policy.now, 10)).toEqual({ wanted: [], nextAt: 15 * MINUTE });
    policy.now = 15 * MINUTE;
    expect(policy.wanted()).toHaveLength(1);
  });

  test('another trigger of the same trouble has a cooldown of its own', () => {
    const policy = troubled();
    const [uid = ''] = policy.create();
    policy.end(uid, 'NotHealed');
    policy.see([firing('a1'), firing('a1', { trigger: 'oom' })]);
    expect(policy.wanted().map(({ firing: { trigger } }) => trigger)).toEqual(['oom']);
  });

  test('what is held is asked again when it said, and why shows until something is created', () => {
    const policy = troubled();
    policy.create(({ episode }) => ({ episode, result: 'held', why: 'rate limited', retryAfterMs: MINUTE }));
    expect(policy.state.held).toEqual({ 'Deployment-a': 'rate limited' });
    expect(due(policy.state, policy.now, 10)).toEqual({ wanted: [], nextAt: MINUTE });
    policy.now = MINUTE;
    policy.create();
    expect(policy.state.held).toEqual({});
  });
});

describe('rungs', () => {
  const afterwards = (reason: OutcomeReason): number | string => {
    const policy = troubled();
    const [uid = ''] = policy.create();
    policy.end(uid, reason);
    policy.now += 6 * MINUTE;
    return policy.wanted()[0]?.rung ?? policy.state.episodes['Deployment-a']?.exhausted ?? 'nothing';
  };

  test.each<[OutcomeReason, number | string]>([
    ['Healed', 0],
    ['DryRunCompleted', 0],
    ['NotHealed', 1],
    ['RolledBack', 1],
    ['Refused', 1],
    ['NeedsHuman', 1],
    ['Expired', 0],
    ['TargetGone', 0],
    ['PolicyDeleted', 0],
    ['Rejected', 'ha was rejected'],
    ['Aborted', 'ha was aborted'],
    ['Deleted', 'ha was deleted'],
  ])('after %s comes %p', (reason, next) => {
    expect(afterwards(reason)).toBe(next);
  });
});

describe('a trouble that nothing more is done about', () => {
  const exhausted = (): Policy => {
    const policy = troubled();
    policy.create(({ episode }) => ({ episode, result: 'exhausted', why: 'all tried' }));
    return policy;
  };

  test('stays so while it lasts', () => {
    const policy = exhausted();
    policy.now += 100 * MINUTE;
    policy.see([firing('a1'), firing('a2')]);
    expect(policy.wanted()).toEqual([]);
  });

  test('begins anew once it has ended', () => {
    const policy = exhausted();
    policy.see([]);
    policy.see([firing('a1')]);
    expect(policy.wanted().map(({ rung }) => rung)).toEqual([0]);
  });

  test('begins anew when the policy is edited, but a cooldown outlives the edit', () => {
    const policy = exhausted();
    policy.see([firing('a1')], 2);
    expect(policy.wanted()).toHaveLength(1);

    const declined = troubled();
    const [uid = ''] = declined.create();
    declined.end(uid, 'Rejected');
    declined.see([firing('a1')], 2);
    expect(declined.wanted()).toEqual([]);
    declined.now += 5 * MINUTE;
    expect(declined.wanted()).toHaveLength(1);
  });

  test('that flaps within its cooldown has not ended', () => {
    const policy = troubled();
    const [uid = ''] = policy.create();
    policy.end(uid, 'Rejected');
    policy.now += MINUTE;
    policy.see([]);
    policy.see([firing('a1')]);
    policy.now += 10 * MINUTE;
    expect(policy.wanted()).toEqual([]);
  });
});

describe('a retry that somebody orders', () => {
  const retry = (policy: Policy, uid: string): void => {
    policy.state = applyRetry(
      policy.state,
      { uid, name: uid, episode: 'Deployment-a', trigger: 'crash', cooldownMs: MINUTE },
      policy.now,
    );
  };
  const failed = (): Policy => {
    const policy = troubled();
    const [uid = ''] = policy.create();
    policy.end(uid, 'NotHealed');
    policy.now += 10 * MINUTE;
    return policy;
  };

  test('keeps the policy from making an action beside it, until it ends', () => {
    const policy = failed();
    expect(policy.wanted()).toHaveLength(1);
    retry(policy, 'again');
    retry(policy, 'again');
    expect(policy.wanted()).toEqual([]);
    expect(runningActions(policy.state)).toEqual([{ uid: 'again', name: 'again' }]);
    policy.end('again', 'NotHealed');
    expect(policy.wanted()).toEqual([]);
    policy.now += MINUTE;
    expect(policy.wanted()).toHaveLength(1);
  });

  test('takes no rung from those that were not tried yet', () => {
    const policy = failed();
    retry(policy, 'again');
    policy.end('again', 'NotHealed');
    policy.now += 10 * MINUTE;
    expect(policy.wanted()[0]?.rung).toBe(1);
  });

  test('that heals begins anew with the first rung, also where the policy had given up', () => {
    const policy = failed();
    policy.create(({ episode }) => ({ episode, result: 'exhausted', why: 'all were tried' }));
    retry(policy, 'again');
    policy.end('again', 'Healed');
    policy.now += 10 * MINUTE;
    expect(policy.wanted()[0]?.rung).toBe(0);
  });

  test('that does not heal leaves it given up', () => {
    const policy = failed();
    policy.create(({ episode }) => ({ episode, result: 'exhausted', why: 'all were tried' }));
    retry(policy, 'again');
    policy.end('again', 'NeedsHuman');
    policy.now += 10 * MINUTE;
    expect(policy.wanted()).toEqual([]);
  });

  test('does not push away an action of the policy that runs', () => {
    const policy = troubled();
    const [uid = ''] = policy.create();
    retry(policy, 'again');
    expect(runningActions(policy.state).map((running) => running.uid)).toEqual([uid]);
  });
});

/* Whatever comes in whatever order. */
const pods = ['a1', 'a2', 'b1', 'c1', 'd1'];
const level = fc.uniqueArray(fc.tuple(fc.constantFrom(...pods), fc.constantFrom('crash', 'oom'), fc.nat(4)), {
  selector: ([pod, trigger]) => `${pod} ${trigger}`,
});
const firingsOf = (list: readonly (readonly [string, string, number])[]): Firing[] =>
  list.map(([pod, trigger, age]) => firing(pod, { trigger, since: `2026-01-01T00:00:0${age}Z` }));

const reasons: OutcomeReason[] = ['Healed', 'NotHealed', 'Rejected', 'Refused', 'TargetGone', 'RolledBack'];
const event = fc.oneof(
  fc.record({ do: fc.constant('see' as const), level, edit: fc.boolean() }),
  fc.record({ do: fc.constant('create' as const), results: fc.infiniteStream(fc.constantFrom('c', 'c', 'h', 'x')) }),
  fc.record({
    do: fc.constant('end' as const),
    which: fc.nat(4),
    reason: fc.constantFrom(...reasons),
    again: fc.boolean(),
  }),
  fc.record({ do: fc.constant('wait' as const), ms: fc.integer({ min: 0, max: 6 * MINUTE }) }),
);

describe('whatever happens', () => {
  test('never two running actions per trouble, never anything due in its cooldown, an unknown end changes nothing', () => {
    fc.assert(
      fc.property(fc.array(event, { maxLength: 80 }), (events) => {
        const policy = new Policy();
        const cooldowns = new Map<string, number>();
        const running = new Map<string, { episode: string; trigger: string }>();
        let serial = 0;
        let generation = 1;
        for (const item of events) {
          switch (item.do) {
            case 'wait':
              policy.now += item.ms;
              break;
            case 'see':
              if (item.edit) generation += 1;
              policy.see(firingsOf(item.level), generation);
              break;
            case 'create': {
              const wanted = policy.wanted(3);
              for (const {
                episode,
                firing: { trigger },
              } of wanted) {
                expect([...running.values()].map((action) => action.episode)).not.toContain(episode);
                expect(cooldowns.get(`${episode} ${trigger}`) ?? 0).toBeLessThanOrEqual(policy.now);
              }
              expect(new Set(wanted.map(({ episode }) => episode)).size).toBe(wanted.length);
              const results = item.results[Symbol.iterator]();
              const creations = wanted.map((one): Creation => {
                const result: unknown = results.next().value;
                const { episode } = one;
                if (result === 'h') return { episode, result: 'held', why: 'w', retryAfterMs: MINUTE };
                if (result === 'x') return { episode, result: 'exhausted', why: 'w' };
                const uid = `ha${serial++}`;
                running.set(uid, { episode, trigger: one.firing.trigger });
                return { episode, result: 'created', uid, name: uid, cooldownMs: 5 * MINUTE };
              });
              policy.state = applyCreations(policy.state, wanted, creations, policy.now);
              break;
            }
            case 'end': {
              const uid = [...running.keys()][item.which] ?? 'unknown';
              const before = policy.state;
              policy.end(uid, item.reason);
              const action = running.get(uid);
              if (action === undefined) expect(policy.state).toBe(before);
              else cooldowns.set(`${action.episode} ${action.trigger}`, policy.now + 5 * MINUTE);
              running.delete(uid);
              const after = policy.state;
              if (item.again) policy.end(uid, 'Deleted');
              expect(policy.state).toBe(after);
              break;
            }
          }
          const uids = runningActions(policy.state).map(({ uid }) => uid);
          expect(uids.toSorted()).toEqual([...running.keys()].toSorted());
        }
      }),
      { numRuns: 300 },
    );
  });

  test('it does not matter in which order a level is told', () => {
    fc.assert(
      fc.property(level, fc.infiniteStream(fc.nat()), fc.nat(5), (list, keys, limit) => {
        const shuffled = list
          .map((item) => ({ item, key: Number(keys.next().value) }))
          .toSorted((a, b) => a.key - b.key)
          .map(({ item }) => item);
        const [one, other] = [new Policy(), new Policy()];
        one.see(firingsOf(list));
        other.see(firingsOf(shuffled));
        expect(other.wanted(limit)).toEqual(one.wanted(limit));
      }),
    );
  });

  test('a level told twice is a level told once', () => {
    fc.assert(
      fc.property(level, level, (first, second) => {
        const policy = new Policy();
        policy.see(firingsOf(first));
        policy.create();
        policy.see(firingsOf(second));
        const once = policy.state;
        policy.see(firingsOf(second));
        expect(policy.state).toEqual(once);
      }),
    );
  });
});
