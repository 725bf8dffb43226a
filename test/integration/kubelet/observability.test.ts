import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { request } from 'node:https';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { metricsApiServed, registerMetricsApi } from '../../../src/local/kubelet/metrics-api-registration.ts';
import { Cluster, eventually } from './cluster.ts';

let cluster: Cluster;
beforeAll(async () => {
  cluster = await Cluster.start('3s');
}, 60_000);
afterAll(async () => {
  await cluster.stop();
});

describe('kubectl logs', () => {
  test('of the running container, of the previous one, with tail and timestamps', async () => {
    await cluster.createPod('talk', {
      containers: [
        {
          name: 'c',
          image: 'kubeskippy.local/flaky:1',
          args: ['--crashes', '1'],
          volumeMounts: [{ name: 'state', mountPath: '/s' }],
        },
      ],
      volumes: [{ name: 'state', emptyDir: {} }],
    });
    await cluster.containerOf('talk', ({ restartCount, state }) => restartCount === 1 && state.running !== undefined);
    await eventually('the second life', async () => (await cluster.kubectl('logs', 'talk')) === 'flaky: life 2\n');
    expect(await cluster.kubectl('logs', 'talk', '--previous')).toBe(
      'flaky: life 1\nflaky: fatal: lost the connection to the upstream\n',
    );
    expect(await cluster.kubectl('logs', 'talk', '--previous', '--tail=1', '--timestamps')).toMatch(
      /^\d{4}-.*Z flaky: fatal: lost the connection/,
    );
    expect(await cluster.kubectl('logs', 'talk', '--limit-bytes=5')).toBe('flaky');
  });

  test('while it waits for its restart, both show the last life', async () => {
    await cluster.createPod('waits', {
      containers: [{ name: 'c', image: 'kubeskippy.local/crasher:1', args: ['--message', 'last words'] }],
    });
    await cluster.containerOf(
      'waits',
      ({ state, restartCount }) => state.waiting?.reason === 'CrashLoopBackOff' && restartCount >= 2,
    );
    expect(await cluster.kubectl('logs', 'waits')).toContain('last words');
    expect(await cluster.kubectl('logs', 'waits', '--previous')).toContain('last words');
  });

  test('follow shows lines as they come and ends with the container', async () => {
    await cluster.createPod('ticks', {
      restartPolicy: 'Never',
      containers: [{ name: 'c', image: 'kubeskippy.local/sleeper:1', args: ['--tick', '0.5', '--seconds', '2'] }],
    });
    await cluster.containerOf('ticks', ({ state }) => state.running !== undefined);
    const follow = spawn(cluster.env.kubectl, ['--kubeconfig', cluster.env.kubeconfig('admin'), 'logs', '-f', 'ticks']);
    const arrivals: number[] = [];
    let text = '';
    follow.stdout.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      arrivals.push(Date.now());
    });
    const code = await new Promise((resolve) => follow.on('close', resolve));
    expect(code).toBe(0);
    expect(text).toMatch(/tick 1\n(.*\n)*.*tick 3\n(.*\n)*sleeper: done\n$/);
    expect(arrivals.at(-1)! - arrivals[0]!).toBeGreaterThan(400);
  });

  test('what there is not is said in words', async () => {
    await cluster.createPod('quiet', { containers: [{ name: 'c', image: 'nginx' }] });
    await cluster.containerOf('quiet', ({ state }) => state.waiting?.reason === 'ImagePullBackOff');
    await expect(cluster.kubectl('logs', 'quiet')).rejects.toThrow(
      'container "c" in pod "quiet" is waiting to start: trying and failing to pull image',
    );
    await expect(cluster.kubectl('logs', 'quiet', '--previous')).rejects.toThrow(
      'previous terminated container "c" in pod "quiet" not found',
    );
  });
});

test('kubectl top and the figures for Prometheus tell what a process really uses', async () => {
  await registerMetricsApi(cluster.client, cluster.env.ports.kubelet);
  await metricsApiServed(cluster.client, 20_000);
  await cluster.createPod('eater', {
    containers: [
      {
        name: 'c',
        image: 'kubeskippy.local/leaker:1',
        args: ['--rate', '200', '--max', '100'],
        resources: { limits: { memory: '512Mi' } },
      },
    ],
  });
  const usage = await eventually('100 MiB over a bare process in kubectl top', async () => {
    const mebibytes = Number(
      /eater\s+\d+m\s+(\d+)Mi/.exec(await cluster.kubectl('top', 'pod', 'eater', '--no-headers'))?.[1],
    );
    return mebibytes > 140 && mebibytes < 260 && mebibytes;
  });
  expect(await cluster.kubectl('top', 'nodes', '--no-headers')).toMatch(/kubeskippy-local\s+\d+m\s+\d+%\s+\d+Mi/);
  const page = await get(cluster, '/metrics', true);
  const labels = '{namespace="default",pod="eater",container="c"}';
  expect(page.status).toBe(200);
  const value = (name: string): number =>
    Number(new RegExp(`^${name}${labels.replaceAll(/[{}]/g, '\\$&')} (\\S+)$`, 'm').exec(page.text)?.[1]);
  expect(value('container_memory_working_set_bytes') / 2 ** 20).toBeGreaterThan(usage * 0.8);
  expect(value('container_spec_memory_limit_bytes')).toBe(512 * 2 ** 20);
  expect(value('container_cpu_usage_seconds_total')).toBeGreaterThan(0);
  expect(value('kube_pod_container_status_restarts_total')).toBe(0);
});

test('what the node cannot do it says in words', async () => {
  await expect(cluster.kubectl('exec', 'eater', '--', 'web')).rejects.toThrow(
    'this node runs plain processes: exec, attach and port-forward are not supported',
  );
});

test('the Events of one second are listed in their order', async () => {
  const { metadata } = await cluster.createPod('order', {
    containers: [{ name: 'c', image: 'kubeskippy.local/sleeper:9' }],
  });
  await cluster.eventOf(metadata.uid, 'Started', 'Container started');
  const reasons = (await cluster.eventsOf(metadata.uid))
    .map(({ reason }) => reason)
    .filter((reason) => reason !== 'Scheduled');
  expect(reasons).toEqual(['Pulling', 'Pulled', 'Created', 'Started']);
});

describe('the node lets in only whom the API server lets', () => {
  const logs = '/containerLogs/default/ticks/c';
  test('nobody without a certificate', async () => {
    for (const path of [logs, '/metrics', '/apis/metrics.k8s.io/v1beta1/pods'])
      expect((await get(cluster, path, false)).status).toBe(401);
    expect((await get(cluster, '/healthz', false)).text).toBe('ok');
  });
  test('Prometheus reads figures, not logs', async () => {
    expect((await get(cluster, logs, true)).status).toBe(403);
  });
});

/** GET at the node's own port, optionally with Prometheus' client certificate. */
function get(
  { env }: Cluster,
  path: string,
  certificate: boolean,
): Promise<{ readonly status: number; readonly text: string }> {
  const { ca, prometheusClient } = env.pki;
  const credentials = certificate
    ? { cert: readFileSync(prometheusClient.certFile), key: readFileSync(prometheusClient.keyFile) }
    : {};
  return new Promise((resolve, reject) => {
    const options = {
      host: '127.0.0.1',
      port: env.ports.kubelet,
      path,
      ca: readFileSync(ca.certFile),
      agent: false as const,
      ...credentials,
    };
    request(options, (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => (text += chunk.toString()));
      response.on('end', () => {
        resolve({ status: response.statusCode ?? 0, text });
      });
    })
      .on('error', reject)
      .end();
  });
}
