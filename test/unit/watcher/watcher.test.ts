import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { pino } from 'pino';
import { FINALIZER } from '../../../src/api/constants.ts';
import { findCondition } from '../../../src/domain/condition.ts';
import { StepError } from '../../../src/errors.ts';
import { eventually } from '../../support/eventually.ts';
import type { HealingActions } from '../../support/healing-actions.ts';
import type { RecordingStarter } from '../../support/recording-starter.ts';
import { CLAIM, condition, ENDED, WatcherBench } from '../../support/watcher-bench.ts';

let bench: WatcherBench;
let actions: HealingActions;
let starter: RecordingStarter;

beforeEach(() => {
  bench = new WatcherBench();
  ({ actions, starter } = bench);
});
afterEach(() => bench.stop());

const uidOf = (name: string): string => bench.uid(name);
const deleted = (name: string): string => {
  const uid = uidOf(name);
  actions.delete(name);
  return uid;
};
const accepted = (name: string) => findCondition(actions.the(name).status?.conditions, 'Accepted');
const counted = (call: string): number => starter.calls.filter((made) => made === call).length;
/** Long enough for several rounds of everything that repeats itself. */
const aWhile = async (): Promise<void> => {
  const began = performance.now();
  await eventually(() => {
    expect(performance.now() - began).toBeGreaterThan(120);
  });
};

describe('an action', () => {
  test('gets its workflow, whether it was there before the watcher or comes later', async () => {
    actions.create('before');
    await bench.start();
    actions.create('later');
    await eventually(() => {
      expect([...starter.workflows.keys()]).toEqual([uidOf('before'), uidOf('later')]);
    });
  });

  test('is described for those who look at lists of workflows', async () => {
    actions.create('a', {
      spec: { targetResource: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'cart', namespace: 'tenant' } },
    });
    actions.create('b');
    await bench.start();
    expect(starter.summaries.get(uidOf('a'))).toEqual({
      line: 'restart Deployment tenant/cart',
      policy: 'shop/policy',
      targetNamespace: 'tenant',
      target: 'Deployment/tenant/cart',
      action: 'restart',
    });
    expect(starter.summaries.get(uidOf('b'))?.target).toBe('Deployment/shop/cart'); // its own namespace
  });

  test('that has ended is never started again, not even after Temporal has forgotten it', async () => {
    actions.create('ended', { status: ENDED });
    actions.create('healed', { status: { conditions: [condition('Succeeded', 'True', 'Healed')] } });
    actions.create('running', { status: { conditions: [condition('Succeeded', 'Unknown', 'InProgress')] } });
    await bench.start();
    actions.sync();
    await aWhile();
    expect([...starter.workflows.keys()]).toEqual([uidOf('running')]);
    expect(starter.calls).not.toContain(`start ${uidOf('ended')}`);
  });

  test('is started once, not once per change or per round', async () => {
    actions.create('a');
    await bench.start();
    for (let round = 0; round < 5; round++) actions.setStatus('a', { attempts: round });
    await aWhile();
    expect(counted(`start ${uidOf('a')}`)).toBe(1);
  });

  test('is verified after every further full sync: Temporal may have lost it', async () => {
    actions.create('a');
    await bench.start();
    starter.workflows.clear();
    actions.sync();
    await eventually(() => {
      expect(starter.workflows.get(uidOf('a'))).toBe('running');
    });
  });

  test('gets its workflow again when Temporal has lost everything without being missed', async () => {
    actions.create('a');
    await bench.start();
    await eventually(() => {
      expect([...starter.workflows.keys()]).toEqual([uidOf('a')]);
    });
    starter.workflows.clear();
    await eventually(() => {
      expect([...starter.workflows.keys()]).toEqual([uidOf('a')]);
    });
    expect(counted(`start ${uidOf('a')}`)).toBe(2);
  });

  test('that Temporal refuses for good is tried again, and holds up nobody else', async () => {
    const odd = actions.create('odd');
    starter.refused.set(odd.metadata.uid, new StepError('Invalid', 'no such search attribute'));
    await bench.start();
    actions.create('even');
    await eventually(() => {
      expect(starter.workflows.has(uidOf('even'))).toBe(true);
      expect(counted(`start ${odd.metadata.uid}`)).toBeGreaterThan(2);
    });
    expect(bench.watcher.stats()).toEqual({ unfinished: 2, unacknowledged: 1, stranded: 0 });
    starter.refused.clear();
    await eventually(() => {
      expect(starter.workflows.has(odd.metadata.uid)).toBe(true);
    });
  });

  test('whose workflow came to its end before it is not begun again', async () => {
    const { uid } = actions.create('a').metadata;
    starter.workflows.set(uid, 'closed');
    await bench.start({ timings: { redriveEveryMs: 60_000 } });
    expect(bench.watcher.stats()).toEqual({ unfinished: 1, unacknowledged: 0, stranded: 1 });
    expect(starter.workflows.get(uid)).toBe('closed');
  });

  test('is settled when that lasts for a round, not when the watch was only behind', async () => {
    const warnings: unknown[] = [];
    const logger = pino({ level: 'warn' }, { write: (line: string) => void warnings.push(JSON.parse(line)) });
    starter.workflows.set(actions.create('behind').metadata.uid, 'closed');
    await bench.start({ logger, timings: { redriveEveryMs: 200 } });
    await eventually(() => {
      expect(counted(`start ${uidOf('behind')}`)).toBeGreaterThan(1); // a round has been made
    });
    actions.setStatus('behind', ENDED);
    starter.workflows.set(actions.create('stranded').metadata.uid, 'closed');
    await eventually(() => {
      expect(counted(`settle ${uidOf('stranded')}`)).toBe(1);
    });
    await eventually(() => {
      expect(bench.watcher.stats()).toEqual({ unfinished: 1, unacknowledged: 0, stranded: 0 });
    });
    expect(counted(`settle ${uidOf('behind')}`)).toBe(0);
    expect(warnings).toMatchObject([{ stranded: 1 }]);
  });

  test('is settled in the round after, when its turn fails, and holds up nobody else', async () => {
    const [first = '', second = ''] = ['a', 'b'].map((name) => actions.create(name).metadata.uid);
    for (const uid of [first, second]) starter.workflows.set(uid, 'closed');
    const settle = starter.settleHealingAction.bind(starter);
    const asked: string[] = [];
    starter.settleHealingAction = async (ref) => {
      asked.push(ref.uid);
      if (asked.length === 1) throw new StepError('Invalid', 'not now');
      return settle(ref);
    };
    await bench.start();
    await eventually(() => {
      expect([first, second].map((uid) => starter.workflows.get(uid))).toEqual(['running', 'running']);
    });
    expect(asked).toEqual([first, second, first]);
  });
});

describe('an approval', () => {
  const approve = (name: string, planDigest: string): void => {
    actions.change(name, (action) => ({
      ...action,
      spec: { ...action.spec, approval: { decision: 'Approved', planDigest } },
    }));
  };

  test('is told when it is written, and again when it is replaced, but not for other changes', async () => {
    actions.create('a');
    await bench.start();
    approve('a', 'one');
    await eventually(() => {
      expect(starter.told).toEqual([`decision ${uidOf('a')}`]);
    });
    actions.setStatus('a', { attempts: 1 });
    actions.sync();
    await aWhile();
    expect(starter.told).toHaveLength(1);
    approve('a', 'two');
    await eventually(() => {
      expect(starter.told).toHaveLength(2);
    });
  });

  test('that was written after the end is no news', async () => {
    actions.create('a');
    await bench.start();
    actions.setStatus('a', ENDED);
    approve('a', 'late');
    await aWhile();
    expect(starter.calls.filter((call) => call.startsWith('decision'))).toEqual([]);
  });

  test('that was written while nobody watched is told', async () => {
    actions.create('a', { spec: { approval: { decision: 'Rejected', planDigest: 'one' } } });
    await bench.start();
    expect(starter.told).toEqual([`decision ${uidOf('a')}`]);
  });

  test('that was written while Temporal was away is told when it is back', async () => {
    actions.create('a');
    await bench.start();
    starter.goAway();
    approve('a', 'one');
    await eventually(() => {
      expect(bench.watcher.stats().problem).toBeDefined();
    });
    starter.comeBack();
    await eventually(() => {
      expect(starter.told).toEqual([`decision ${uidOf('a')}`]);
    });
  });
});

describe('a deletion', () => {
  test('of a held action is told once, and the finalizer left to the workflow', async () => {
    actions.create('a', { status: CLAIM });
    actions.hold('a');
    await bench.start();
    actions.delete('a');
    await eventually(() => {
      expect(starter.told).toEqual([`deletion ${uidOf('a')}`]);
    });
    actions.setStatus('a', { attempts: 2 });
    await aWhile();
    expect(starter.told).toHaveLength(1);
    expect(actions.the('a').metadata.finalizers).toEqual([FINALIZER]);
    expect(bench.events).toEqual([]);
  });

  test('of an action that nothing holds is told after the fact', async () => {
    actions.create('a');
    await bench.start();
    const uid = deleted('a');
    await eventually(() => {
      expect(starter.told).toEqual([`deletion ${uid}`]);
    });
  });

  test('of an action that has ended is no news', async () => {
    actions.create('a', { status: ENDED });
    await bench.start();
    deleted('a');
    await aWhile();
    expect(starter.calls.filter((call) => call.startsWith('deletion'))).toEqual([]);
  });

  test('that came while Temporal was away is told when it is back', async () => {
    actions.create('a');
    await bench.start();
    starter.goAway();
    const uid = deleted('a');
    await eventually(() => {
      expect(bench.watcher.stats().problem).toBe('connection refused');
    });
    starter.comeBack();
    await eventually(() => {
      expect(starter.told).toContain(`deletion ${uid}`);
    });
  });

  test('that came while nobody watched is told to the workflow that is left over', async () => {
    actions.create('alive');
    starter.workflows.set('gone', 'running').set(uidOf('alive'), 'running');
    await bench.start();
    await eventually(() => {
      expect(starter.told).toEqual(['deletion gone']);
    });
  });

  test('that came while nobody watched is told once, also to a workflow that Temporal lists only later', async () => {
    await bench.start();
    starter.workflows.set('late', 'running');
    await eventually(() => {
      expect(starter.told).toEqual(['deletion late']);
    });
    await aWhile();
    expect(starter.told).toEqual(['deletion late']);
  });

  test('is not concluded from a watch that is behind', async () => {
    const known = actions.create('known');
    const newest = { ...known, metadata: { ...known.metadata, uid: 'too-new-for-us' } };
    starter.workflows.set('too-new-for-us', 'running');
    let lists = 0;
    const list = async () => {
      lists += 1;
      return [known, newest];
    };
    await bench.start({ actions: { ...actions.records, list } });
    await eventually(() => {
      expect(lists).toBeGreaterThan(2);
    });
    expect(starter.told).toEqual([]);
  });
});

describe('while Temporal is away', () => {
  test('an action says so, once, and begins when Temporal is back', async () => {
    starter.goAway('no route to host');
    actions.create('a');
    await bench.start();
    await eventually(() => {
      expect(accepted('a')).toMatchObject({ status: 'Unknown', reason: 'TemporalUnreachable' });
    });
    expect(accepted('a')?.message).toContain('no route to host');
    expect(actions.the('a').status).toMatchObject({ phase: 'Pending', reason: 'TemporalUnreachable' });
    const { resourceVersion } = actions.the('a').metadata;
    await aWhile();
    expect(actions.the('a').metadata.resourceVersion).toBe(resourceVersion);
    expect(starter.workflows.size).toBe(0);

    starter.comeBack();
    await eventually(() => {
      expect(starter.workflows.get(uidOf('a'))).toBe('running');
    });
    expect(bench.watcher.stats()).toEqual({ unfinished: 1, unacknowledged: 0, stranded: 0 });
  });

  test('one question at a time is asked, not one per action', async () => {
    await bench.start({ timings: { probeBaseMs: 20, probeCapMs: 40 } });
    starter.goAway();
    for (let index = 0; index < 200; index++) actions.create(`action-${index}`);
    await eventually(() => {
      expect(bench.watcher.stats().problem).toBeDefined();
    });
    starter.calls = [];
    await aWhile();
    expect(starter.calls.filter((call) => call.startsWith('start'))).toEqual([]);
    expect(counted('ping')).toBeGreaterThan(0);
    expect(counted('ping')).toBeLessThan(30);
    starter.comeBack();
    await eventually(() => {
      expect(starter.workflows.size).toBe(200);
    });
    expect(actions.notTaken).toBe(0); // the recovery drives them, not their repetition
  });

  test('the recovery is not waited for until the next round', async () => {
    starter.goAway();
    actions.create('a');
    await bench.start({ timings: { redriveEveryMs: 60_000 } });
    await eventually(() => {
      expect(bench.watcher.stats().problem).toBeDefined();
    });
    starter.comeBack();
    await eventually(() => {
      expect(starter.workflows.get(uidOf('a'))).toBe('running');
    });
  });

  test('what a workflow wrote stays', async () => {
    starter.goAway();
    actions.create('a', { status: { conditions: [condition('Accepted', 'True', 'CoveredByPolicy')] } });
    actions.create('b', { status: ENDED });
    await bench.start();
    await aWhile();
    expect(actions.reads).toBe(0); // nor is it looked at again and again
    expect(accepted('a')).toMatchObject({ status: 'True', reason: 'CoveredByPolicy' });
    expect(accepted('b')).toBeUndefined();
  });

  test('an action whose workflow was acknowledged before is not said to wait', async () => {
    actions.create('a');
    await bench.start();
    starter.goAway();
    actions.create('b');
    await eventually(() => {
      expect(accepted('b')).toBeDefined();
    });
    await aWhile();
    expect(accepted('a')).toBeUndefined();
  });

  test('an API server that is away as well ends nothing', async () => {
    starter.goAway();
    actions.writable = false;
    actions.create('a');
    await bench.start();
    await aWhile();
    expect(accepted('a')).toBeUndefined();
    actions.writable = true;
    await eventually(() => {
      expect(accepted('a')?.reason).toBe('TemporalUnreachable');
    });
  });
});
