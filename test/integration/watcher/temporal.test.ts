import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { pino } from 'pino';
import type { HealingAction } from '../../../src/api/healing-action.ts';
import { actionWorkflowId, TASK_QUEUE, WORKFLOWS } from '../../../src/api/temporal-names.ts';
import { createCluster } from '../../../src/adapters/kubernetes/cluster.ts';
import { createEventRecorder } from '../../../src/adapters/kubernetes/event-recorder.ts';
import { KubeClient } from '../../../src/adapters/kubernetes/kube-client.ts';
import { KubeObjectWatch } from '../../../src/adapters/kubernetes/object-watch.ts';
import { createActionRecords } from '../../../src/adapters/kubernetes/records.ts';
import { resources } from '../../../src/adapters/kubernetes/resource.ts';
import { TemporalConnection } from '../../../src/adapters/temporal/connection.ts';
import { createWorkflowStarter } from '../../../src/adapters/temporal/workflow-starter.ts';
import { findCondition } from '../../../src/domain/condition.ts';
import { startLocalEnvironment, type LocalEnvironment } from '../../../src/local/environment.ts';
import { installManifests } from '../../../src/local/install-manifests.ts';
import { Watcher, type WatcherOptions } from '../../../src/watcher/watcher.ts';
import { createAction, ensureNamespace } from '../../support/action-bodies.ts';
import { eventually } from '../../support/eventually.ts';

const NAMESPACE = 'handover';
const PLAN_DIGEST = '0123456789abcdef0123456789abcdef';
const logger = pino({ level: 'silent' });

let env: LocalEnvironment;
let admin: KubeClient;
let worker: ReturnType<typeof createActionRecords>;
let temporal: TemporalConnection;
const running: { stop(): Promise<void> }[] = [];

beforeAll(async () => {
  env = await startLocalEnvironment({ components: ['apiserver', 'controller-manager', 'temporal'] });
  admin = KubeClient.load({ kubeconfig: env.kubeconfig('admin') });
  await installManifests(admin);
  await ensureNamespace(admin, NAMESPACE);
  worker = createActionRecords(KubeClient.load({ kubeconfig: env.kubeconfig('worker') }));
  temporal = new TemporalConnection(env.temporal);
}, 60_000);
afterEach(async () => {
  await Promise.all(running.splice(0).map((one) => one.stop()));
}, 20_000);
afterAll(async () => {
  await temporal.close();
  await env.stop();
});

/** A controller of its own: identity, connections and all. */
async function startWatcher(timings: WatcherOptions['timings'] = {}): Promise<Watcher> {
  const client = KubeClient.load({ kubeconfig: env.kubeconfig('controller') });
  const connection = new TemporalConnection({ ...env.temporal, deadlineMs: 2_000 });
  const watcher = new Watcher({
    watches: new KubeObjectWatch({ client, logger }),
    starter: createWorkflowStarter(connection),
    actions: createActionRecords(client),
    cluster: createCluster(client),
    events: createEventRecorder(client, logger),
    logger,
    timings: { redriveEveryMs: 300, ...timings },
  });
  watcher.start();
  running.push({
    stop: async () => {
      await watcher.stop();
      await connection.close();
    },
  });
  await watcher.ready;
  return watcher;
}

const create = (name: string, namespace = NAMESPACE): Promise<HealingAction> =>
  createAction(admin, { namespace, name });
const read = (name: string, namespace = NAMESPACE): Promise<HealingAction | undefined> =>
  admin.find<HealingAction>(resources.healingActions, { namespace, name });
const remove = (name: string, namespace = NAMESPACE): Promise<unknown> =>
  admin.delete(resources.healingActions, { namespace, name }, {});
const handleOf = (uid: string) => temporal.client.workflow.getHandle(actionWorkflowId(uid));
const isRunning = async (uid: string): Promise<void> => {
  expect((await handleOf(uid).describe()).status.name).toBe('RUNNING');
};
async function signalsOf(uid: string): Promise<string[]> {
  const { events } = await handleOf(uid).fetchHistory();
  return (events ?? []).flatMap((event) => event.workflowExecutionSignaledEventAttributes?.signalName ?? []);
}
/** As the worker does it when it claims the effect. */
async function hold(action: HealingAction, claimed: boolean): Promise<void> {
  const { namespace = '', name, uid } = action.metadata;
  expect(await worker.hold(action)).not.toBe('conflict');
  if (!claimed) return;
  await worker.update({ namespace, name, uid }, ({ status }) => ({
    ...status,
    claim: { targetUid: 'target', step: 'execute', attempt: 1, time: new Date().toISOString() },
  }));
}
const inputOf = async (uid: string): Promise<unknown> => {
  const { events } = await handleOf(uid).fetchHistory();
  const input = events?.[0]?.workflowExecutionStartedEventAttributes?.input?.payloads?.[0]?.data;
  return JSON.parse(Buffer.from(input ?? []).toString());
};
async function withoutTemporal(what: () => Promise<void>): Promise<void> {
  const { spec } = env.supervisor.get('temporal');
  await env.supervisor.stop('temporal');
  try {
    await what();
  } finally {
    await env.supervisor.start(spec);
  }
}
const notesOn = async (namespace: string): Promise<string[]> => {
  const { items } = await admin.list<{ reason: string; note: string; regarding: { kind: string; name: string } }>(
    resources.events,
    { namespace },
  );
  return items.map(({ reason, note, regarding }) => `${reason} ${regarding.kind}/${regarding.name}: ${note}`);
};

describe('with Temporal', () => {
  test('an action’s workflow can be found and read in lists before it has done anything', async () => {
    await startWatcher();
    const { uid } = (await create('first')).metadata;
    const description = await eventually(() => handleOf(uid).describe());
    expect(description.type).toBe(WORKFLOWS.action);
    expect(description.taskQueue).toBe(TASK_QUEUE);
    const attributes = description.typedSearchAttributes.getAll().map(({ key, value }) => [key.name, value]);
    expect(Object.fromEntries(attributes)).toEqual({
      KsPolicy: `${NAMESPACE}/some-policy`,
      KsTargetNs: NAMESPACE,
      KsTarget: `Deployment/${NAMESPACE}/cart`,
      KsAction: 'restart',
      KsPhase: 'Pending',
      KsAwaitingApproval: false,
    });
    expect(await description.staticSummary()).toBe(`restart Deployment ${NAMESPACE}/cart`);
    expect(await inputOf(uid)).toEqual({ action: { namespace: NAMESPACE, name: 'first', uid } });
  }, 20_000);

  test('two watchers, and one that comes later, start it once', async () => {
    await Promise.all([startWatcher(), startWatcher()]);
    const { uid } = (await create('shared')).metadata;
    await eventually(() => isRunning(uid));
    const { runId } = await handleOf(uid).describe();
    await startWatcher();
    expect((await handleOf(uid).describe()).runId).toBe(runId);
    const { events } = await handleOf(uid).fetchHistory();
    expect(events?.map(({ eventType }) => eventType)).toHaveLength(2); // started, task scheduled: nothing was added
  }, 20_000);

  test('a workflow that was terminated is started once more, to settle what it has begun', async () => {
    const { uid } = (await create('terminated')).metadata;
    const watcher = await startWatcher();
    await eventually(() => isRunning(uid));
    const { runId } = await handleOf(uid).describe();
    await handleOf(uid).terminate('test');
    await startWatcher(); // knows nothing of it, and asks
    await eventually(async () => {
      expect(await handleOf(uid).describe()).toMatchObject({ status: { name: 'RUNNING' } });
    });
    expect((await handleOf(uid).describe()).runId).not.toBe(runId);
    expect(await inputOf(uid)).toMatchObject({ action: { uid }, settle: true });
    expect(watcher.stats().stranded).toBe(0);
    await remove('terminated');
  }, 20_000);

  test('the workflow is told of the approval, once, and of the deletion', async () => {
    const action = await create('approved');
    const { uid } = action.metadata;
    await worker.update({ namespace: NAMESPACE, name: 'approved', uid }, () => ({ planDigest: PLAN_DIGEST }));
    await startWatcher();
    await eventually(() => isRunning(uid));
    await admin.patch(resources.healingActions, { namespace: NAMESPACE, name: 'approved' }, 'merge', {
      spec: { approval: { decision: 'Approved', planDigest: PLAN_DIGEST, by: 'admin' } },
    });
    await eventually(async () => {
      expect(await signalsOf(uid)).toEqual(['decisionRecorded']);
    });
    await hold((await read('approved'))!, true);
    await remove('approved');
    await eventually(async () => {
      expect(await signalsOf(uid)).toEqual(['decisionRecorded', 'deletionRequested']);
    });
    expect((await read('approved'))?.metadata.finalizers).toEqual(['kubeskippy.io/finalizer']);
    await worker.release({ namespace: NAMESPACE, name: 'approved', uid });
  }, 20_000);

  test('the workflow of an action that went away while nobody watched is told so', async () => {
    const { uid } = (await create('orphaned')).metadata;
    await startWatcher();
    await eventually(() => isRunning(uid));
    await Promise.all(running.splice(0).map((one) => one.stop()));
    await remove('orphaned');
    await eventually(async () => {
      expect(await createWorkflowStarter(temporal).running()).toContain(uid); // Temporal lists with a delay
    }, 10_000);
    await startWatcher();
    await eventually(async () => {
      expect(await signalsOf(uid)).toEqual(['deletionRequested']);
    });
  }, 30_000);

  test('the workflow of a deleted action that was terminated has to let it go', async () => {
    const action = await create('abandoned');
    const { uid } = action.metadata;
    await startWatcher();
    await eventually(() => isRunning(uid));
    await hold((await read('abandoned'))!, false);
    await handleOf(uid).terminate('test');
    await remove('abandoned');
    await eventually(async () => {
      expect(await inputOf(uid)).toMatchObject({ settle: true });
    });
    expect((await read('abandoned'))?.metadata.finalizers).toEqual(['kubeskippy.io/finalizer']);
    await worker.release({ namespace: NAMESPACE, name: 'abandoned', uid });
  }, 20_000);
});

describe('without Temporal', () => {
  test('an action says why it waits, and begins when Temporal is back', async () => {
    const watcher = await startWatcher();
    let uid = '';
    await withoutTemporal(async () => {
      ({ uid } = (await create('waiting')).metadata);
      await eventually(async () => {
        expect(findCondition((await read('waiting'))?.status?.conditions, 'Accepted')).toMatchObject({
          status: 'Unknown',
          reason: 'TemporalUnreachable',
        });
      }, 15_000);
      expect(watcher.stats().unacknowledged).toBeGreaterThanOrEqual(1);
    });
    const back = performance.now();
    await eventually(() => isRunning(uid), 15_000);
    expect(performance.now() - back).toBeLessThan(15_000);
    await eventually(() => {
      expect(watcher.stats()).toEqual({ unfinished: watcher.stats().unfinished, unacknowledged: 0, stranded: 0 });
    });
  }, 60_000);

  test('a Temporal that is frozen is noticed, and what was asked meanwhile is done when it goes on', async () => {
    const watcher = await startWatcher();
    env.supervisor.kill('temporal', 'SIGSTOP');
    let uid = '';
    try {
      ({ uid } = (await create('frozen')).metadata);
      await eventually(() => {
        expect(watcher.stats().problem).toBeDefined();
      }, 10_000);
    } finally {
      env.supervisor.kill('temporal', 'SIGCONT');
    }
    await eventually(() => isRunning(uid), 15_000);
  }, 60_000);

  test('a deleted action is let go if it had no effect, and held if it may have had one', async () => {
    await startWatcher();
    const [harmless, claimed] = [await create('harmless'), await create('claimed')];
    await hold(harmless, false);
    await hold(claimed, true);
    await eventually(() => isRunning(claimed.metadata.uid));
    await withoutTemporal(async () => {
      await remove('claimed');
      await remove('harmless');
      await eventually(async () => {
        expect(await read('harmless')).toBeUndefined();
      }, 15_000);
      await eventually(async () => {
        expect(await notesOn(NAMESPACE)).toContainEqual(
          expect.stringMatching(/^FinalizerRemoved HealingAction\/harmless: Temporal cannot be reached: .* no effect/),
        );
      });
      expect((await read('claimed'))?.metadata.finalizers).toEqual(['kubeskippy.io/finalizer']);
    });
    await eventually(async () => {
      expect(await signalsOf(claimed.metadata.uid)).toContain('deletionRequested');
    }, 15_000);
    await worker.release({ namespace: NAMESPACE, name: 'claimed', uid: claimed.metadata.uid });
  }, 60_000);

  test('a namespace that is deleted does not wait for it', async () => {
    const doomed = 'doomed';
    await ensureNamespace(admin, doomed);
    await startWatcher();
    const action = await create('claimed', doomed);
    await hold(action, true);
    await withoutTemporal(async () => {
      await admin.delete(resources.namespaces, { name: doomed }, {});
      await eventually(async () => {
        expect(await admin.find(resources.namespaces, { name: doomed })).toBeUndefined();
      }, 40_000);
    });
  }, 90_000);
});
