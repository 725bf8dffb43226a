import { describe, expect, test } from '@jest/globals';
import { FINALIZER } from '../../../src/api/constants.ts';
import { judge } from '../../crash/oracle/judge.ts';
import type { History } from '../../crash/oracle/history.ts';
import type { AuditEvent } from '../../support/audit-log.ts';
import { AT, write, mark, recordOf, record, eventAbout, sighting, action } from '../../support/planted-history.ts';

/** One restart that went as it should: written once, seen once, said to be healed. */
const good: History = {
  expected: { targets: ['deployments/cart'], effects: 1, rollbacks: 0, reasons: ['Healed'] },
  writes: [record, mark, write(), record, eventAbout('cart')],
  records: ['healingactions/healing/status', 'events/cart'],
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
  const likeReleases: Partial<AuditEvent>[] = [
    { objectRef: { resource: 'deployments', name: 'cart', apiGroup: 'apps' } },
    { requestObject: [{ op: 'add', path: '/spec/ttlSecondsAfterFinished', value: 0 }] },
    { requestObject: { metadata: { finalizers: [] } } },
  ];
  const planted: [string, History, string[]][] = [
    ['written twice', { ...good, writes: [write(), write()] }, ['duplicate']],
    [
      'written twice, of which the first was refused',
      { ...good, writes: [write({ responseStatus: { code: 422 } }), write()] },
      [],
    ],
    ['not answered in time, and stored', { ...good, writes: [write({ responseStatus: { code: 504 } })] }, []],
    [
      'not answered in time and not stored, then done',
      { ...good, writes: [write({ responseStatus: { code: 504 } }), write()] },
      [],
    ],
    [
      'not answered in time and stored, then done again',
      {
        ...good,
        writes: [write({ responseStatus: { code: 504 } }), write()],
        sightings: [...good.sightings, sighting(21, 'a3')],
      },
      ['duplicate'],
    ],
    [
      'not answered in time and not stored, but said to be healed',
      { ...good, writes: [write({ responseStatus: { code: 504 } })], sightings: [sighting(5, 'a')] },
      ['lost', 'misreported'],
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
      'deleted between two parts of its effect, and left so',
      {
        ...good,
        expected: { ...good.expected, effects: 2 },
        gone: true,
        deleted: true,
        action: action({ Succeeded: 'False NeedsHuman' }),
        endings: ['False NeedsHuman'],
      },
      [],
    ],
    [
      'deleted before it was taken back, and left so',
      {
        ...takenBack,
        writes: [write()],
        sightings: [sighting(5, 'a'), sighting(20, 'b')],
        gone: true,
        deleted: true,
        action: action({ Executed: 'True Executed', Succeeded: 'False NeedsHuman' }),
        endings: ['False NeedsHuman'],
      },
      ['lost'],
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
    ...[
      recordOf('healingactions', 'other', 'status'),
      recordOf('healingactions', 'healing'),
      recordOf('healingpolicies', 'grants', 'status'),
      write({ verb: 'deletecollection', objectRef: { resource: 'healingactions', apiGroup: 'kubeskippy.io' } }),
      eventAbout('other'),
      write({ objectRef: { resource: 'events', name: 'cart.1', apiGroup: 'events.k8s.io' } }),
    ].map((stray): [string, History, string[]] => [
      `a record that is not of this healing: ${stray.verb} ${stray.objectRef?.resource ?? ''} ${stray.objectRef?.name ?? ''}`,
      { ...good, writes: [...good.writes, stray] },
      ['wrongTarget'],
    ]),
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
    ...[true, false].map((gone): [string, History, string[]] => [
      `a Job made once, and gone ${gone ? 'with the record of its healing' : 'before the record of its healing'}`,
      {
        ...good,
        deleted: true,
        gone,
        expected: { ...good.expected, targets: ['jobs/*'] },
        writes: [write({ verb: 'create', objectRef: { resource: 'jobs', name: 'a', apiGroup: 'batch' } })],
        sightings: [sighting(20, 'u1', 'jobs/a'), sighting(21, 'gone', 'jobs/a')],
      },
      gone ? [] : ['duplicate'],
    ]),
    [
      'a Job made twice, the second when the first was gone with the record of its healing',
      {
        ...good,
        deleted: true,
        gone: true,
        expected: { ...good.expected, targets: ['jobs/*'] },
        writes: ['a', 'a'].map((name) =>
          write({ verb: 'create', objectRef: { resource: 'jobs', name, apiGroup: 'batch' } }),
        ),
        sightings: [sighting(20, 'u1', 'jobs/a'), sighting(21, 'gone', 'jobs/a'), sighting(22, 'u2', 'jobs/a')],
      },
      ['duplicate'],
    ],
    ...likeReleases.map((other): [string, History, string[]] => [
      `a Job made once, and something written that looks like letting it go: ${JSON.stringify(other)}`,
      {
        ...good,
        expected: { ...good.expected, targets: ['jobs/*', 'deployments/cart'] },
        writes: [
          write({ verb: 'create', objectRef: { resource: 'jobs', name: 'a', apiGroup: 'batch' } }),
          write({
            objectRef: { resource: 'jobs', name: 'a', apiGroup: 'batch' },
            requestObject: [{ op: 'replace', path: '/metadata/finalizers', value: [] }],
            ...other,
          }),
        ],
        sightings: [sighting(20, 'u1', 'jobs/a')],
      },
      ['duplicate'],
    ]),
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
