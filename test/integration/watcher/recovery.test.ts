import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { pino } from 'pino';
import { createCluster } from '../../../src/adapters/kubernetes/cluster.ts';
import { createEventRecorder } from '../../../src/adapters/kubernetes/event-recorder.ts';
import { KubeClient } from '../../../src/adapters/kubernetes/kube-client.ts';
import { KubeObjectWatch } from '../../../src/adapters/kubernetes/object-watch.ts';
import { createActionRecords } from '../../../src/adapters/kubernetes/records.ts';
import { startLocalEnvironment, type LocalEnvironment } from '../../../src/local/environment.ts';
import { installManifests } from '../../../src/local/install-manifests.ts';
import { Watcher } from '../../../src/watcher/watcher.ts';
import { createAction, ensureNamespace } from '../../support/action-bodies.ts';
import { eventually } from '../../support/eventually.ts';
import { clientThrough } from '../../support/kube-link.ts';
import { RecordingStarter } from '../../support/recording-starter.ts';
import { TcpProxy } from '../../support/tcp-proxy.ts';

/** What is promised: this long after the API server answers again, every unfinished action has its workflow. */
const PROMISED_MS = 30_000;
const NAMESPACE = 'recovery';

let env: LocalEnvironment;
let admin: KubeClient;
let proxy: TcpProxy;
let starter: RecordingStarter;
let watcher: Watcher;

beforeAll(async () => {
  env = await startLocalEnvironment({ components: ['apiserver'] });
  admin = KubeClient.load({ kubeconfig: env.kubeconfig('admin') });
  await installManifests(admin);
  await ensureNamespace(admin, NAMESPACE);
}, 60_000);
afterAll(async () => {
  await env.stop();
});

beforeEach(async () => {
  proxy = await TcpProxy.start(env.ports.api);
  starter = new RecordingStarter();
  const client = clientThrough(proxy.port, env.kubeconfig('controller'));
  const logger = pino({ level: 'silent' });
  watcher = new Watcher({
    watches: new KubeObjectWatch({ client, logger }), // with the timings that ship
    starter,
    actions: createActionRecords(client),
    cluster: createCluster(client),
    events: createEventRecorder(client, logger),
    logger,
  });
  watcher.start();
  await watcher.ready;
}, 20_000);
afterEach(async () => {
  await watcher.stop();
  await proxy.stop();
});

const persistently = <T>(write: () => Promise<T>): Promise<T> => eventually(write, 30_000, 50);
const answers = (): Promise<string> => persistently(() => admin.text('GET', '/readyz'));

async function createMany(prefix: string, count: number): Promise<string[]> {
  const uids: string[] = [];
  for (let index = 0; index < count; index++) {
    const { metadata } = await persistently(() =>
      createAction(admin, { namespace: NAMESPACE, name: `${prefix}-${index}` }),
    );
    uids.push(metadata.uid);
  }
  return uids;
}

async function allStarted(uids: readonly string[], since: number): Promise<number> {
  await eventually(() => {
    for (const uid of uids) expect(starter.workflows.get(uid)).toBe('running');
  }, PROMISED_MS);
  const took = performance.now() - since;
  expect(took).toBeLessThan(PROMISED_MS);
  return took;
}

describe('every unfinished action has its workflow', () => {
  test('right after it was created', async () => {
    const { metadata } = await createAction(admin, { namespace: NAMESPACE, name: 'prompt' });
    await eventually(() => {
      expect(starter.workflows.get(metadata.uid)).toBe('running'); // long before the next round of what repeats itself
    });
    expect(starter.summaries.get(metadata.uid)).toMatchObject({
      line: `restart Deployment ${NAMESPACE}/cart`,
      policy: `${NAMESPACE}/some-policy`,
    });
  });

  test('soon after the API server was killed and is back, also those created while the link was down', async () => {
    proxy.blackOut();
    const uids = await createMany('unseen', 10);
    env.supervisor.kill('kube-apiserver', 'SIGKILL');
    await eventually(async () => {
      await expect(admin.text('GET', '/readyz')).rejects.toThrow();
    });
    proxy.restore();
    proxy.cut();
    await answers();
    const back = performance.now();
    uids.push(...(await createMany('after', 10)));
    await allStarted(uids, back);
  }, 90_000);

  test('soon after the API server was frozen and goes on', async () => {
    env.supervisor.kill('kube-apiserver', 'SIGSTOP');
    const frozen = performance.now();
    await eventually(() => {
      expect(performance.now() - frozen).toBeGreaterThan(7_000);
    }, 10_000);
    env.supervisor.kill('kube-apiserver', 'SIGCONT');
    await answers();
    const back = performance.now();
    await allStarted(await createMany('thawed', 10), back);
  }, 90_000);

  test('soon after a cut of every connection, several times', async () => {
    const uids: string[] = [];
    for (let round = 0; round < 5; round++) {
      proxy.cut();
      uids.push(...(await createMany(`cut-${round}`, 3)));
    }
    await allStarted(uids, performance.now());
  }, 60_000);

  test('and nobody else has one: not what has ended, nor what is gone', async () => {
    const ended = await createAction(admin, { namespace: NAMESPACE, name: 'ended' });
    await createActionRecords(admin).update({ namespace: NAMESPACE, name: 'ended', uid: ended.metadata.uid }, () => ({
      conditions: [
        {
          type: 'Succeeded',
          status: 'False',
          reason: 'Refused',
          message: '',
          lastTransitionTime: new Date().toISOString(),
        },
      ],
    }));
    await watcher.stop();
    const other = new RecordingStarter();
    const logger = pino({ level: 'silent' });
    const client = clientThrough(proxy.port, env.kubeconfig('controller'));
    watcher = new Watcher({
      watches: new KubeObjectWatch({ client, logger }),
      starter: other,
      actions: createActionRecords(client),
      cluster: createCluster(client),
      events: createEventRecorder(client, logger),
      logger,
    });
    watcher.start();
    await watcher.ready;
    const { metadata } = await createAction(admin, { namespace: NAMESPACE, name: 'another' });
    await eventually(() => {
      expect(other.workflows.has(metadata.uid)).toBe(true);
    });
    expect(other.workflows.has(ended.metadata.uid)).toBe(false);
  }, 30_000);
});
