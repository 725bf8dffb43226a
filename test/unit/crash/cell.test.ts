import { describe, expect, test } from '@jest/globals';
import { cellsOf, sampled, SIDES } from '../../crash/cell.ts';
import type { SeenRequest } from '../../crash/proxy/seen-request.ts';
import { isClean, tableOf, totalsOf, type TrialResult } from '../../crash/report.ts';
import { scenarios } from '../../crash/scenarios/index.ts';
import { roundsOf } from '../../crash/run.ts';
import { isStepIn, stepsFrom } from '../../crash/steps.ts';

const AT = '/apis/kubeskippy.io/v1alpha1/namespaces/trial-1/healingactions/healing';
const put = (status: object): SeenRequest => ({
  method: 'PUT',
  path: `${AT}/status?fieldManager=kubeskippy`,
  body: JSON.stringify({ kind: 'HealingAction', status }),
});
const patch = (path: string, body: unknown): SeenRequest => ({ method: 'PATCH', path, body: JSON.stringify(body) });
const pod = '/api/v1/namespaces/trial-1/pods/cart-1';
const requests: readonly SeenRequest[] = [
  put({ conditions: [{ type: 'Accepted', reason: 'CoveredByPolicy' }] }),
  patch(pod, [
    { op: 'test', path: '/metadata/uid', value: 'u' },
    { op: 'add', path: '/metadata/annotations/kubeskippy.io~1applied-x', value: 'execute-1' },
  ]),
  { method: 'POST', path: `${pod}/eviction`, body: '{}' },
  put({
    conditions: [
      { type: 'Accepted', reason: 'CoveredByPolicy' },
      { type: 'Executed', reason: 'Executed' },
    ],
    audit: [{ kind: 'outcome', step: 'execute' }],
  }),
];
const steps = stepsFrom(requests);

describe('the steps of a healing', () => {
  test('are its writes in its own namespace, but for Events, rehearsals and reads', () => {
    const isStep = isStepIn('trial-1');
    expect(requests.every(isStep)).toBe(true);
    expect(isStep({ method: 'GET', path: AT, body: '' })).toBe(false);
    expect(isStep({ method: 'POST', path: '/apis/events.k8s.io/v1/namespaces/trial-1/events', body: '{}' })).toBe(
      false,
    );
    expect(isStep(patch(`${pod}?dryRun=All`, []))).toBe(false);
    expect(isStepIn('trial-10')(requests[0]!)).toBe(false);
  });

  test('are told by what they add', () => {
    expect(steps.map(({ label }) => label)).toEqual([
      'PUT healingactions/status Accepted=CoveredByPolicy',
      'PATCH pods',
      'POST pods/eviction',
      'PUT healingactions/status Executed=Executed outcome-of-execute',
    ]);
  });

  test('are an effect when they change more than marks of the healer', () => {
    expect(steps.map(({ effect }) => effect)).toEqual([false, false, true, false]);
  });
});

const [scenario] = scenarios;
const cells = cellsOf(scenario!, steps);

describe('the cells of a scenario', () => {
  test('have a kill of the worker at each side of each step', () => {
    const kills = cells.filter(({ disturbance }) => disturbance.kind === 'kill' && disturbance.victim === 'worker');
    expect(kills).toHaveLength(steps.length * SIDES.length);
  });

  test('kill the servers at the effect, and pause the worker just before it', () => {
    const ids = cells.map(({ id }) => id);
    expect(ids).toContain(`kill-temporal/${scenario!.name}/3/after`);
    expect(ids).toContain(`kill-kube-apiserver/${scenario!.name}/3/before`);
    expect(ids).toContain(`pause/${scenario!.name}/2`);
  });

  test('delay the effect, and lose what the watcher shall hear of', () => {
    const ids = cells.map(({ id }) => id);
    expect(ids).toContain(`mishap/${scenario!.name}/3/too-slow`);
    expect(ids).not.toContain(`mishap/${scenario!.name}/2/too-slow`);
    expect(ids).toContain(`watch/${scenario!.name}/begin/lost`);
    expect(ids).toContain(`watch/${scenario!.name}/deletion/cut`);
    expect(ids).not.toContain(`watch/${scenario!.name}/approval/cut`);
    const approved = scenarios.find((candidate) => candidate.approved === true);
    expect(cellsOf(approved!, steps).map(({ id }) => id)).toContain(`watch/${approved!.name}/approval/cut`);
  });

  test('have names of their own', () => {
    expect(new Set(cells.map(({ id }) => id)).size).toBe(cells.length);
  });
});

describe('a round', () => {
  const kills = cells.filter(({ id }) => id.startsWith('kill-worker/'));
  const rounds = roundsOf(kills, { seed: 1, abreast: 3 });

  test('is of healings that come to their steps at about the same time', () => {
    const indexes = rounds.map((round) => new Set(round.map(({ id }) => id.split('/')[2])));
    expect(indexes.every(({ size }) => size === 1)).toBe(true);
    expect(rounds).toHaveLength(steps.length);
  });

  test('is one of those that have every cell once', () => {
    expect(new Set(rounds.flat())).toEqual(new Set(kills));
    expect(rounds.flat()).toHaveLength(kills.length);
  });
});

describe('a sample', () => {
  test('follows from its seed, has its size, and no cell twice', () => {
    const ids = (seed: number) => sampled(cells, 20, seed).map(({ id }) => id);
    expect(ids(1)).toEqual(ids(1));
    expect(ids(1)).not.toEqual(ids(2));
    expect(new Set(ids(3)).size).toBe(20);
  });

  test('has something of every kind', () => {
    const kinds = new Set(sampled(cells, 20, 1).map(({ disturbance }) => disturbance.kind));
    expect(kinds).toEqual(new Set(['kill', 'mishap', 'deleted', 'late', 'pause', 'busy', 'watch']));
  });

  test('of more than there is has everything', () => {
    expect(sampled(cells, 10_000, 1)).toHaveLength(cells.length);
  });
});

describe('what is reported', () => {
  const results: TrialResult[] = [
    { cell: 'late/undo/1', findings: [] },
    {
      cell: 'late/undo/2',
      findings: [
        { fault: 'lost', detail: 'a' },
        { fault: 'lost', detail: 'b' },
      ],
    },
  ];

  test('counts trials, not findings', () => {
    expect(totalsOf(results, 7)).toEqual({
      trials: 2,
      duplicates: 0,
      lost: 1,
      wrongTarget: 0,
      misreported: 0,
      unfired: 0,
      seed: 7,
    });
    expect(tableOf(results)).toContain('late/undo');
  });

  test('is clean only if something was tried and nothing found', () => {
    expect(isClean(totalsOf(results, 7))).toBe(false);
    expect(isClean(totalsOf([], 7))).toBe(false);
    expect(isClean(totalsOf([results[0]!], 7))).toBe(true);
  });
});
