import { expect, test } from '@jest/globals';
import { turn } from '../../support/manual-clock.ts';
import { crashed, deployment, DetectorWorld, healthy, pod, policy, replicaSet } from '../../support/detector-world.ts';

const PODS = 2_000;
const CHANGES = 50;
const triggers = ['CrashLoopBackOff', 'OOMKilled', 'ImagePullBackOff', 'PodScheduled'].map((type) => ({
  type: 'condition' as const,
  conditionTrigger: { type, duration: '0s' },
}));

test('one of 2,000 Pods crashes under four policies: the offender alone is told, and finding it takes no time', async () => {
  const world = new DetectorWorld();
  const policies = ['a', 'b', 'c', 'd'].map((name) => policy(name, { triggers }));
  await world.start(
    ...policies,
    deployment,
    replicaSet,
    ...Array.from({ length: PODS }, (_, index) => pod(`p${index}`, healthy)),
  );
  await world.detector.ready;
  while (world.observer.observations.length < policies.length) await turn();
  const before = world.detector.figures;

  await world.put(pod('p1234', crashed));
  expect(
    world.observer.observations.slice(policies.length).map(({ firing }) => firing.map(({ subject }) => subject.name)),
  ).toEqual([['p1234'], ['p1234'], ['p1234'], ['p1234']]);
  expect(world.detector.figures.evaluations - before.evaluations).toBe(policies.length * triggers.length);

  for (let each = 0; each < CHANGES; each += 1) await world.put(pod(`p${each}`, each % 2 === 0 ? crashed : healthy));
  const { events, latency } = world.detector.figures;
  expect(events - before.events).toBe(CHANGES + 1);
  expect((latency.sumMs - before.latency.sumMs) / (CHANGES + 1)).toBeLessThan(5);
  await world.detector.stop();
});
