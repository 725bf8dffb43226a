import { describe, expect, test } from '@jest/globals';
import { FINALIZER } from '../../../src/api/constants.ts';
import type { HealingAction } from '../../../src/api/healing-action.ts';
import { judge } from '../../crash/oracle/judge.ts';
import type { History, Sighting } from '../../crash/oracle/history.ts';
import type { AuditEvent } from '../../support/audit-log.ts';

const AT = '2026-01-01T00:00:00Z';
const write = (more: Partial<AuditEvent> = {}): AuditEvent => ({
  auditID: 'ks/x/execute/1.1.1',
  verb: 'patch',
  user: { username: 'system:serviceaccount:kubeskippy-system:kubeskippy-worker' },
  objectRef: { resource: 'deployments', namespace: 'trial', name: 'cart', apiGroup: 'apps' },
  requestURI: '/apis/apps/v1/namespaces/trial/deployments/cart?fieldManager=kubeskippy',
  responseStatus: { code: 200 },
  requestObject: [
    { op: 'test', path: '/metadata/uid', value: 'u' },
    { op: 'add', path: '/spec/template/metadata/annotations', value: {} },
  ],
  requestReceivedTimestamp: AT,
  stageTimestamp: AT,
  ...more,
});
const mark = write({
  requestObject: [{ op: 'add', path: '/metadata/annotations/kubeskippy.io~1fence', value: 'f' }],
});
const record = write({ objectRef: { resource: 'healingactions', name: 'healing', apiGroup: 'kubeskippy.io' } });
const sighting = (version: number, state: string, key = 'deployments/cart'): Sighting => ({ key, state, version });

function action(conditions: Readonly<Record<string, string>>, finalizers: readonly string[] = []): HealingAction {
  return {
    apiVersion: 'kubeskippy.io/v1alpha1',
    kind: 'HealingAction',
    metadata: { name: 'healing', namespace: 'trial', uid: 'x', resourceVersion: '30', finalizers },
    spec: {
      policyRef: { name: 'grants', namespace: 'trial' },
      targetResource: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'cart' },
      action: { type: 'restart' },
    },
    status: {
      conditions: Object.entries(conditions).map(([type, text]) => {
        const [status = '', reason = ''] = text.split(' ');
        return { type, status: status as 'True', reason, message: 'so it is said', lastTransitionTime: AT };
      }),
    },
  };
}

/** One restart that went as it should: written once, seen once, said to be healed. */
const good: History = {
  expected: { targets: ['deployments/cart'], effects: 1, rollbacks: 0, reasons: ['Healed'] },
  writes: [record, mark, write(), record],
  sightings: [sighting(5, 'a'), sighting(6, 'b', 'deployments/other'), sighting(20, 'a2')],
  since: 10,
  action: action({ Executed: 'True Executed', Succeeded: 'True Healed' }),
  gone: false,
  deleted: false,
  lingers: false,
  endings: ['True Healed'],
  unfired: [],
  auditMayLack: false,
};
/** One that did not help and was taken back. */
const takenBack: History = {
  ...good,
  expected: { ...good.expected, rollbacks: 1, reasons: ['RolledBack'] },
  writes: [write(), write({ auditID: 'ks/x/rollback/1.1.1' })],
  sightings: [sighting(5, 'a'), sighting(20, 'b'), sighting(25, 'a')],
  action: action({ Executed: 'True Executed', RolledBack: 'True RolledBack', Succeeded: 'False RolledBack' }),
  endings: ['False RolledBack'],
};

const cancelled: History = {
  ...good,
  writes: [record],
  sightings: [sighting(5, 'a')],
  action: action({ Accepted: 'True CoveredByPolicy' }),
  endings: [],
  gone: true,
  deleted: true,
};
const claim = { targetUid: 'u', step: 'execute', attempt: 1, time: AT, baseline: 'b' } as const;

const faultsOf = (history: History): string[] => [...new Set(judge(history).map(({ fault }) => fault))];

test('finds nothing where there is nothing', () => {
  expect(judge(good)).toEqual([]);
  expect(judge(takenBack)).toEqual([]);
});

describe('planted histories', () => {
  const planted: [string, History, string[]][] = [
    ['written twice', { ...good, writes: [write(), write()] }, ['duplicate']],
    [
      'written twice, of which the first was refused',
      { ...good, writes: [write({ responseStatus: { code: 422 } }), write()] },
      [],
    ],
    ['rehearsed, then done', { ...good, writes: [write({ requestURI: '/x?dryRun=All' }), write()] }, []],
    [
      'done twice, seen only by the watch',
      { ...good, sightings: [...good.sightings, sighting(21, 'a3')] },
      ['duplicate'],
    ],
    ['taken back twice', { ...takenBack, writes: [...takenBack.writes, write()] }, ['duplicate']],
    ['written, and nothing changed', { ...good, sightings: [sighting(5, 'a')] }, ['lost', 'misreported']],
    [
      'said to be healed, and nothing happened',
      { ...good, writes: [record], sightings: [sighting(5, 'a')] },
      ['lost', 'misreported'],
    ],
    [
      'given up without an effect',
      {
        ...good,
        writes: [mark],
        sightings: [sighting(5, 'a')],
        action: action({ Succeeded: 'False NeedsHuman' }),
        endings: ['False NeedsHuman'],
      },
      ['lost'],
    ],
    [
      'never ended',
      { ...good, action: action({ Executed: 'True Executed', Succeeded: 'Unknown InProgress' }) },
      ['lost'],
    ],
    ['never begun', { ...good, writes: [], sightings: [sighting(5, 'a')], action: action({}), endings: [] }, ['lost']],
    ['its record is gone', { ...good, gone: true }, ['lost']],
    ['was never seen', { ...good, action: undefined, endings: [] }, ['lost']],
    [
      'deleted after the effect, and followed through: gone with its finalizer',
      {
        ...good,
        gone: true,
        deleted: true,
        action: action({ Executed: 'True Executed', Succeeded: 'True Healed' }, [FINALIZER]),
      },
      [],
    ],
    ['deleted before the effect', cancelled, []],
    ['deleted before the effect, which came all the same', { ...cancelled, writes: good.writes }, ['duplicate']],
    ['deleted, and its workflow goes on', { ...cancelled, lingers: true }, ['lost']],
    [
      'deleted after its claim, and torn away without an end',
      { ...cancelled, action: { ...action({}), status: { ...action({}).status, claim } } },
      ['lost'],
    ],
    [
      'said to be deleted before its effect, and had it',
      {
        ...good,
        gone: true,
        deleted: true,
        action: action({ Succeeded: 'False Deleted' }),
        endings: ['False Deleted'],
      },
      ['duplicate'],
    ],
    [
      'ended, and still holds its finalizer',
      { ...good, action: action({ Executed: 'True Executed', Succeeded: 'True Healed' }, [FINALIZER]) },
      ['lost'],
    ],
    [
      'done, but reported as failed',
      {
        ...good,
        action: action({ Executed: 'True Executed', Succeeded: 'False NeedsHuman' }),
        endings: ['False NeedsHuman'],
      },
      ['misreported'],
    ],
    ['done, but not said so', { ...good, action: action({ Succeeded: 'True Healed' }) }, ['misreported']],
    ['ended twice', { ...good, endings: ['False NeedsHuman', 'True Healed'] }, ['misreported']],
    [
      'said to be taken back, and was not',
      { ...takenBack, writes: [write()], sightings: [sighting(5, 'a'), sighting(20, 'b')] },
      ['lost', 'misreported'],
    ],
    [
      'taken back, and not said so',
      {
        ...takenBack,
        action: action({ Executed: 'True Executed', Succeeded: 'False NotHealed' }),
        endings: ['False NotHealed'],
      },
      ['misreported'],
    ],
    [
      'another object written',
      {
        ...good,
        writes: [write(), write({ objectRef: { resource: 'deployments', name: 'other', apiGroup: 'apps' } })],
      },
      ['wrongTarget'],
    ],
    [
      'only marked, but another object',
      { ...good, writes: [write(), { ...mark, objectRef: { resource: 'pods', name: 'other' } }] },
      ['wrongTarget'],
    ],
    [
      'all objects of a kind deleted',
      { ...good, writes: [write(), write({ verb: 'deletecollection', objectRef: { resource: 'pods' } })] },
      ['wrongTarget'],
    ],
    [
      'a Job made twice, under names of its own choice',
      {
        ...good,
        expected: { ...good.expected, targets: ['jobs/*'] },
        writes: ['a', 'b'].map((name) =>
          write({ verb: 'create', objectRef: { resource: 'jobs', name, apiGroup: 'batch' } }),
        ),
        sightings: [sighting(20, 'u1', 'jobs/a'), sighting(21, 'u2', 'jobs/b')],
      },
      ['duplicate'],
    ],
    [
      'a Job made once, and let go',
      {
        ...good,
        expected: { ...good.expected, targets: ['jobs/*'] },
        writes: [
          write({ verb: 'create', objectRef: { resource: 'jobs', name: 'a', apiGroup: 'batch' } }),
          write({
            objectRef: { resource: 'jobs', name: 'a', apiGroup: 'batch' },
            requestObject: [
              { op: 'replace', path: '/metadata/finalizers', value: [] },
              { op: 'add', path: '/spec/ttlSecondsAfterFinished', value: 60 },
            ],
          }),
        ],
        sightings: [sighting(20, 'u1', 'jobs/a')],
      },
      [],
    ],
    [
      'all Jobs deleted',
      {
        ...good,
        expected: { ...good.expected, targets: ['jobs/*'] },
        writes: [write({ verb: 'deletecollection', objectRef: { resource: 'jobs', apiGroup: 'batch' } })],
        sightings: [],
      },
      ['wrongTarget', 'lost', 'misreported'],
    ],
    [
      'another object changed, seen only by the watch',
      { ...good, sightings: [...good.sightings, sighting(21, 'b2', 'deployments/other')] },
      ['wrongTarget'],
    ],
    ['a fault that never struck', { ...good, unfired: ['the fault never struck'] }, ['unfired']],
    ['changed by somebody else', { ...good, writes: [record] }, ['lost', 'misreported']],
  ];

  test.each(planted)('%s', (_what, history, faults) => {
    expect(faultsOf(history)).toEqual(faults);
  });
});

test('what a killed API server could not log any more is taken from the watch', () => {
  const killed = { ...good, auditMayLack: true };
  expect(judge({ ...killed, writes: [record] })).toEqual([]);
  expect(faultsOf({ ...killed, writes: [write(), write()] })).toEqual(['duplicate']);
  expect(faultsOf({ ...killed, writes: [], sightings: [...good.sightings, sighting(21, 'a3')] })).toEqual([
    'duplicate',
  ]);
});
