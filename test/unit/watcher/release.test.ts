import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { FINALIZER } from '../../../src/api/constants.ts';
import type { HealingActionStatus } from '../../../src/api/healing-action.ts';
import { eventually } from '../../support/eventually.ts';
import type { HealingActions } from '../../support/healing-actions.ts';
import type { RecordingStarter } from '../../support/recording-starter.ts';
import { heldJob } from '../../support/held-job.ts';
import { CLAIM, ENDED, WatcherBench } from '../../support/watcher-bench.ts';

let bench: WatcherBench;
let actions: HealingActions;
let starter: RecordingStarter;

beforeEach(() => {
  bench = new WatcherBench();
  ({ actions, starter } = bench);
});
afterEach(() => bench.stop());

/** Long enough for several rounds of everything that repeats itself. */
const aWhile = async (): Promise<void> => {
  const began = performance.now();
  await eventually(() => {
    expect(performance.now() - began).toBeGreaterThan(120);
  });
};

describe('a deleted action that nobody will finish', () => {
  const minutesAgo = (minutes: number): Date => new Date(Date.now() - minutes * 60_000);
  const hold = (name: string, status: HealingActionStatus, at: Date): void => {
    actions.create(name, { status });
    actions.hold(name);
    actions.delete(name, at);
  };
  test.each([
    ['has had no effect', {}, 'unreachable', 0, false, 'it has had no effect'],
    ['lies in a namespace that is being deleted', CLAIM, 'unreachable', 0, true, 'namespace shop is being deleted'],
    ['has waited for 15 minutes', CLAIM, 'unreachable', 16, false, 'has waited for 16 minutes'],
    ['has ended, but not its workflow its work', { ...CLAIM, ...ENDED }, 'closed', 0, false, 'it has ended'],
    ['has had no effect, and its workflow has ended', {}, 'closed', 0, false, 'it has had no effect'],
    ['has waited for 15 minutes for a workflow that has ended', CLAIM, 'closed', 16, false, 'has waited for'],
  ] as const)('is let go when it %s', async (_name, status, temporal, minutes, ending, why) => {
    hold('a', status, minutesAgo(minutes));
    const { uid } = actions.the('a').metadata;
    if (ending) bench.endNamespace();
    if (temporal === 'unreachable') starter.goAway();
    else starter.workflows.set(uid, 'closed');
    await bench.start();
    await eventually(() => {
      expect(actions.get('a')).toBeUndefined();
    });
    expect(bench.events).toHaveLength(1);
    expect(bench.events[0]).toMatchObject({
      type: 'Warning',
      reason: 'FinalizerRemoved',
      regarding: { kind: 'HealingAction', uid },
    });
    expect(bench.events[0]?.note).toContain(why);
    expect(bench.events[0]?.note).toContain(
      temporal === 'closed' ? 'has ended without removing it' : 'Temporal cannot be reached',
    );
  });

  test.each([
    ['its change may have to be rolled back', CLAIM, 'unreachable', 0],
    ['14 minutes have passed', CLAIM, 'unreachable', 14],
    ['it has ended, but its workflow may still settle it', { ...CLAIM, ...ENDED }, 'unreachable', 1],
    ['its workflow runs', CLAIM, 'running', 16],
    ['its workflow runs, even in a namespace that is being deleted', CLAIM, 'running-in-ending-namespace', 16],
  ] as const)('is held while %s', async (_name, status, temporal, minutes) => {
    hold('a', status, minutesAgo(minutes));
    if (temporal === 'unreachable') starter.goAway();
    if (temporal === 'running-in-ending-namespace') bench.endNamespace();
    await bench.start();
    await aWhile();
    expect(actions.get('a')?.metadata.finalizers).toEqual([FINALIZER]);
    expect(bench.events).toEqual([]);
  });

  test('is let go when its time has come, without another event', async () => {
    hold('a', CLAIM, new Date(Date.now() - 15 * 60_000 + 150));
    starter.goAway();
    await bench.start();
    expect(actions.get('a')).toBeDefined();
    await eventually(() => {
      expect(actions.get('a')).toBeUndefined();
    });
  });

  test('is judged by what the API server says now, not by the watch', async () => {
    actions.create('a');
    actions.hold('a');
    const claimedMeanwhile: typeof actions.records = {
      ...actions.records,
      read: async (ref) => {
        const found = await actions.records.read(ref);
        return found === undefined ? undefined : { ...found, status: CLAIM };
      },
    };
    await bench.start({ actions: claimedMeanwhile });
    starter.goAway();
    actions.delete('a');
    await aWhile();
    expect(actions.get('a')?.metadata.finalizers).toEqual([FINALIZER]);
  });

  describe('and whose Jobs are held for it', () => {
    const job = (name: string) => bench.api.find({ apiVersion: 'batch/v1', kind: 'Job', namespace: 'shop', name });
    const abandon = async (): Promise<void> => {
      hold('a', CLAIM, new Date());
      bench.endNamespace();
      starter.goAway();
      const ref = { namespace: 'shop', name: 'a', uid: bench.uid('a') };
      bench.api.create(heldJob('first', ref));
      bench.api.create(heldJob('second', ref, ['a/b', FINALIZER]));
      bench.api.create(heldJob('of-another', { ...ref, uid: 'other' }));
      for (const name of ['first', 'second'])
        bench.api.delete({ kind: 'Job', apiVersion: 'batch/v1', namespace: 'shop', name });
      await bench.start();
    };

    test('lets these go first', async () => {
      const held: boolean[] = [];
      bench.jobs.meanwhile = () => void held.push(actions.get('a') !== undefined);
      await abandon();
      await eventually(() => {
        expect(actions.get('a')).toBeUndefined();
      });
      expect(held).toEqual([true, true]);
      expect(job('first')).toBeUndefined();
      expect(job('second')?.metadata.finalizers).toEqual(['a/b']); // what others hold is theirs
      expect(job('of-another')?.metadata.finalizers).toEqual([FINALIZER]);
      expect(bench.events[0]?.note).toContain('the deleted action and its Job first and its Job second');
      // Of the Job nothing else is written: no name is taken by another object, no spec is changed.
      for (const { write } of bench.jobs.seen)
        expect('operations' in write && write.operations.map(({ op, path }) => `${op} ${path}`)).toEqual([
          'test /metadata/uid',
          'test /metadata/finalizers',
          'replace /metadata/finalizers',
        ]);
    });

    test('is held on while one of them cannot be let go, and is tried again', async () => {
      bench.jobs.refusal = 'forbidden: may not patch jobs';
      await abandon();
      await aWhile();
      expect(actions.get('a')?.metadata.finalizers).toEqual([FINALIZER]);
      bench.jobs.refusal = undefined;
      await eventually(() => {
        expect(actions.get('a')).toBeUndefined();
      });
      expect(job('first')).toBeUndefined();
    });

    test('lets a Job go that somebody writes in that moment', async () => {
      let edits = 0;
      bench.jobs.meanwhile = () => {
        if ((edits += 1) > 3) return;
        bench.api.edit({ apiVersion: 'batch/v1', kind: 'Job', namespace: 'shop', name: 'second' }, (object) => ({
          ...object,
          metadata: { ...object.metadata, finalizers: [`a/b${edits}`, FINALIZER] },
        }));
      };
      await abandon();
      await eventually(() => {
        expect(actions.get('a')).toBeUndefined();
      });
      expect(job('second')?.metadata.finalizers).toEqual(['a/b3']);
    });
  });
});
