import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { pino } from 'pino';
import { FINALIZER } from '../../../src/api/constants.ts';
import type { HealingAction, HealingActionStatus } from '../../../src/api/healing-action.ts';
import type { KubeObject } from '../../../src/api/meta.ts';
import { OrphanedJobs } from '../../../src/watcher/orphaned-jobs.ts';
import { heldJob } from '../../support/held-job.ts';
import { HealingActions } from '../../support/healing-actions.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { MemoryApiServer } from '../../support/memory-api-server.ts';
import { MemoryCluster } from '../../support/memory-cluster.ts';
import { MemoryClusterPort } from '../../support/memory-cluster-port.ts';
import { CLAIM, ENDED } from '../../support/watcher-bench.ts';

const MINUTE = 60_000;
const BEGIN = Date.parse('2026-01-01T00:00:00Z');
const JOB = { apiVersion: 'batch/v1', kind: 'Job', namespace: 'shop', name: 'job' };

let clock: ManualClock;
let api: MemoryApiServer;
let port: MemoryClusterPort;
let watches: MemoryCluster;
let actions: HealingActions;
let namespace: KubeObject | undefined;
let logged: Record<string, unknown>[];
let orphanedJobs: OrphanedJobs;

beforeEach(() => {
  clock = new ManualClock(BEGIN);
  api = new MemoryApiServer();
  port = new MemoryClusterPort(api);
  watches = new MemoryCluster();
  actions = new HealingActions();
  namespace = { metadata: { name: 'shop', uid: 'n', resourceVersion: '1' } };
  logged = [];
  orphanedJobs = new OrphanedJobs({
    watches,
    actions: actions.records,
    cluster: {
      get: async <T extends KubeObject>() => namespace as T,
      list: (of, labels) => port.list(of, labels),
      write: (write, options) => port.write(write, options),
    },
    clock,
    logger: pino({ base: null }, { write: (line) => void logged.push(JSON.parse(line) as Record<string, unknown>) }),
  });
});
afterEach(() => orphanedJobs.stop());

const job = () => api.find(JOB);
/** A Job of an action, seen by the watch; the garbage collector, or a person, deletes it now. */
const deletedJobOf = ({ metadata }: HealingAction, more: Partial<KubeObject['metadata']> = {}): void => {
  const { namespace: of = '', name, uid } = metadata;
  const created = api.create(heldJob('job', { namespace: of, name, uid }));
  const deletionTimestamp = new Date(clock.now()).toISOString();
  const metadataNow = { ...created.metadata, deletionTimestamp, ...more };
  api.edit(JOB, (object) => ({ ...object, metadata: metadataNow }));
  watches.put({ ...created, metadata: metadataNow });
};
const endNamespace = (): void => {
  namespace = { metadata: { name: 'shop', uid: 'n', resourceVersion: '2', deletionTimestamp: '2026-01-01T00:00:00Z' } };
};
/** Torn away from its finalizer. */
const gone = (): HealingAction => {
  const action = actions.create('a', { status: CLAIM });
  actions.delete('a');
  return action;
};

describe('a deleted Job that we hold', () => {
  test('is let go when its action is gone and nobody has let go of it in a quarter of an hour', async () => {
    deletedJobOf(gone());
    orphanedJobs.start();
    await clock.advance(14 * MINUTE);
    expect(job()?.metadata.finalizers).toEqual([FINALIZER]);
    await clock.advance(2 * MINUTE);
    expect(job()).toBeUndefined();
    expect(logged).toMatchObject([{ jobs: ['job'], why: expect.stringContaining('its action is gone') }]);
  });

  test('is let go at once when a namespace waits for it', async () => {
    endNamespace();
    deletedJobOf(gone());
    orphanedJobs.start();
    await clock.advance(0);
    expect(job()).toBeUndefined();
  });

  test('is let go also when it was left without an owner', async () => {
    endNamespace();
    deletedJobOf(gone(), { ownerReferences: [] });
    orphanedJobs.start();
    await clock.advance(0);
    expect(job()).toBeUndefined();
  });

  test('is left to its action also when it was left without an owner', async () => {
    endNamespace();
    const action = actions.create('a', { status: CLAIM });
    actions.hold('a');
    deletedJobOf(action, { ownerReferences: [] });
    orphanedJobs.start();
    await clock.advance(20 * MINUTE);
    expect(job()).toBeDefined();
  });

  test('is let go soon when the namespace begins to wait later', async () => {
    deletedJobOf(gone());
    orphanedJobs.start();
    await clock.advance(MINUTE);
    expect(job()).toBeDefined();
    endNamespace();
    await clock.advance(MINUTE);
    expect(job()).toBeUndefined();
  });

  test('is let go when its action has ended and does not hold anything itself', async () => {
    const action = actions.create('a', { status: { ...CLAIM, ...ENDED } });
    deletedJobOf(action);
    orphanedJobs.start();
    await clock.advance(0);
    expect(job()).toBeUndefined();
    expect(logged).toMatchObject([{ why: 'its action has ended' }]);
  });

  test.each<[string, HealingActionStatus, boolean]>([
    ['runs', CLAIM, true],
    ['has ended, but is still held', { ...CLAIM, ...ENDED }, true],
    ['runs, though somebody has taken its finalizer away', CLAIM, false],
  ])('is left to its action when that %s', async (_name, status, held) => {
    const action = actions.create('a', { status });
    if (held) actions.hold('a');
    endNamespace();
    deletedJobOf(action);
    orphanedJobs.start();
    await clock.advance(20 * MINUTE);
    expect(job()?.metadata.finalizers).toEqual([FINALIZER]);
    expect(port.seen).toEqual([]);
  });

  test('is tried again, and said to be there, when it cannot be let go', async () => {
    endNamespace();
    port.refusal = 'jobs is forbidden';
    deletedJobOf(gone());
    orphanedJobs.start();
    await clock.advance(0);
    expect(job()).toBeDefined();
    expect(logged).toMatchObject([{ job: 'job', err: { message: expect.stringContaining('jobs is forbidden') } }]);
    port.refusal = undefined;
    await clock.advance(MINUTE);
    expect(job()).toBeUndefined();
  });
});

test('a Job that nobody deletes is left alone, and so is one that others hold', async () => {
  endNamespace();
  const action = gone();
  const { uid, name } = action.metadata;
  watches.put(api.create(heldJob('job', { namespace: 'shop', name, uid })));
  watches.put({
    ...api.create(heldJob('theirs', { namespace: 'shop', name, uid }, ['a/b'])),
  });
  orphanedJobs.start();
  await clock.advance(20 * MINUTE);
  expect(port.seen).toEqual([]);
});
