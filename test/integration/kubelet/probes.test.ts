import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { resources } from '../../../src/adapters/kubernetes/resource.ts';
import type { Pod } from '../../../src/local/kubelet/pod.ts';
import { Cluster, eventually } from './cluster.ts';

let cluster: Cluster;
beforeAll(async () => {
  cluster = await Cluster.start();
}, 60_000);
afterAll(async () => {
  await cluster.stop();
});

const image = 'kubeskippy.local/web:1';
const http = (path: string) => ({ httpGet: { path, port: 8080 }, periodSeconds: 1 });

describe('probes', () => {
  test('readiness takes Ready away and leaves the container alone', async () => {
    const { metadata } = await cluster.createPod('unready', {
      containers: [
        {
          name: 'c',
          image,
          args: ['--fail-ready-after', '2'],
          readinessProbe: { ...http('/readyz'), failureThreshold: 2 },
        },
      ],
    });
    await cluster.containerOf('unready', ({ ready }) => ready);
    const status = await cluster.containerOf('unready', ({ ready, state }) => !ready && state.running !== undefined);
    expect(status).toMatchObject({ restartCount: 0, started: true });
    const pod = await cluster.pod('unready');
    expect(pod?.status?.conditions).toContainEqual(
      expect.objectContaining({ type: 'Ready', status: 'False', reason: 'ContainersNotReady' }),
    );
    await cluster.eventOf(metadata.uid, 'Unhealthy', 'Readiness probe failed: HTTP probe failed with statuscode: 503');
  });

  test('liveness restarts the container, by exec of a bundled program too', async () => {
    const { metadata } = await cluster.createPod('dead', {
      terminationGracePeriodSeconds: 1,
      containers: [
        {
          name: 'c',
          image,
          livenessProbe: { exec: { command: ['probe-file', '/nowhere'] }, periodSeconds: 1, failureThreshold: 1 },
        },
      ],
    });
    const { lastState } = await cluster.containerOf('dead', ({ lastState: last }) => last.terminated !== undefined);
    expect(lastState.terminated).toMatchObject({ exitCode: 0, reason: 'Completed' }); // it closed on SIGTERM
    await cluster.eventOf(metadata.uid, 'Unhealthy', 'Liveness probe failed: probe-file: no such file: /nowhere');
    await cluster.eventOf(metadata.uid, 'Killing', 'Container c failed liveness probe, will be restarted');
  });

  test('an exec probe runs no host binary', async () => {
    const { metadata } = await cluster.createPod('hostprobe', {
      containers: [{ name: 'c', image, readinessProbe: { exec: { command: ['/bin/true'] }, periodSeconds: 1 } }],
    });
    await cluster.eventOf(metadata.uid, 'Unhealthy', 'exec: "/bin/true": executable file not found');
    expect((await cluster.containerOf('hostprobe', () => true)).ready).toBe(false);
  });

  test('a startup probe holds the others back, and its failure restarts', async () => {
    await cluster.createPod('slow', {
      containers: [
        {
          name: 'c',
          image,
          args: ['--start-delay', '2'],
          ports: [{ name: 'web', containerPort: 8080 }],
          startupProbe: { tcpSocket: { port: 'web' }, periodSeconds: 1, failureThreshold: 10 },
          livenessProbe: { ...http('/healthz'), failureThreshold: 1 },
          readinessProbe: http('/readyz'),
        },
      ],
    });
    const starting = await cluster.containerOf('slow', ({ state }) => state.running !== undefined);
    expect(starting).toMatchObject({ started: false, ready: false });
    expect(await cluster.containerOf('slow', ({ ready }) => ready)).toMatchObject({ started: true, restartCount: 0 });

    const { metadata } = await cluster.createPod('never', {
      terminationGracePeriodSeconds: 1,
      containers: [
        { name: 'c', image, args: ['--start-delay', '60'], startupProbe: { ...http('/healthz'), failureThreshold: 2 } },
      ],
    });
    await cluster.containerOf('never', ({ restartCount }) => restartCount >= 1);
    await cluster.eventOf(metadata.uid, 'Unhealthy', 'connect: connection refused');
    await cluster.eventOf(metadata.uid, 'Killing', 'Container c failed startup probe, will be restarted');
  });

  test('a slow answer is a failure', async () => {
    const { metadata } = await cluster.createPod('sluggish', {
      containers: [{ name: 'c', image, readinessProbe: http('/slow?ms=3000') }],
    });
    const { message } = await cluster.eventOf(metadata.uid, 'Unhealthy', 'context deadline exceeded');
    expect(message).toMatch(/^Readiness probe failed: Get "http:\/\/10\.[\d.]+:8080\/slow\?ms=3000": context/);
  });
});

describe('the end of a pod', () => {
  const sleeper = (name: string, args: readonly string[], rest: object = {}): Promise<Pod> =>
    cluster.createPod(name, {
      terminationGracePeriodSeconds: 2,
      containers: [{ name: 'c', image: 'kubeskippy.local/sleeper:1', args, ...rest }],
    });
  const running = (name: string) => cluster.containerOf(name, ({ state }) => state.running !== undefined);
  const remove = async (name: string): Promise<number> => {
    const began = Date.now();
    await cluster.kubectl('delete', 'pod', name, '--wait=true');
    return Date.now() - began;
  };
  /** Keeps the object, so that its last status can be read. */
  const hold = (name: string) =>
    cluster.client.patch(resources.pods, { namespace: 'default', name }, 'merge', {
      metadata: { finalizers: ['test/hold'] },
    });
  const lastStatus = async (name: string) => {
    await hold(name);
    await cluster.kubectl('delete', 'pod', name, '--wait=false');
    const status = await cluster.containerOf(name, ({ state }) => state.terminated !== undefined);
    const pod = await cluster.pod(name);
    await cluster.client.patch(resources.pods, { namespace: 'default', name }, 'merge', {
      metadata: { finalizers: null },
    });
    await eventually('the object gone', async () => (await cluster.pod(name)) === undefined);
    return { terminated: status.state.terminated, phase: pod?.status?.phase };
  };

  test('SIGTERM first: a polite program ends at once, with 0', async () => {
    const { metadata } = await sleeper('polite', []);
    await running('polite');
    expect(await lastStatus('polite')).toMatchObject({
      terminated: { exitCode: 0, reason: 'Completed' },
      phase: 'Succeeded',
    });
    await cluster.eventOf(metadata.uid, 'Killing', 'Stopping container c');
  });

  test('SIGKILL after the grace period: 137', async () => {
    await sleeper('stubborn', ['--ignore-term']);
    await running('stubborn');
    const began = Date.now();
    expect(await lastStatus('stubborn')).toMatchObject({
      terminated: { exitCode: 137, reason: 'Error' },
      phase: 'Failed',
    });
    const took = Date.now() - began;
    expect(took).toBeGreaterThanOrEqual(1900);
    expect(took).toBeLessThan(8000);
  });

  test('a second deletion shortens the time that is left', async () => {
    await cluster.createPod('hurried', {
      terminationGracePeriodSeconds: 600,
      containers: [{ name: 'c', image: 'kubeskippy.local/sleeper:1', args: ['--ignore-term'] }],
    });
    await running('hurried');
    await cluster.kubectl('delete', 'pod', 'hurried', '--wait=false');
    await eventually('SIGTERM received', async () =>
      (await cluster.kubectl('logs', 'hurried')).includes('SIGTERM ignored'),
    );
    const began = Date.now();
    await cluster.kubectl('delete', 'pod', 'hurried', '--grace-period=1', '--wait=true', '--timeout=20s');
    expect(Date.now() - began).toBeLessThan(20_000);
  });

  test('preStop comes before SIGTERM', async () => {
    await sleeper('prestop', [], { lifecycle: { preStop: { sleep: { seconds: 1 } } } });
    await running('prestop');
    expect(await remove('prestop')).toBeGreaterThanOrEqual(900);
  });

  test('a forced deletion leaves no process', async () => {
    await sleeper('forced', ['--ignore-term', '--tick', '1234']);
    await running('forced');
    const alive = (): boolean => [...cluster.processes().values()].some((command) => command.includes('1234'));
    expect(alive()).toBe(true);
    await cluster.kubectl('delete', 'pod', 'forced', '--grace-period=0', '--force');
    await eventually('no process', () => Promise.resolve(!alive()));
  });

  test('a pod that never started is deleted at once', async () => {
    await cluster.createPod('imageless', { containers: [{ name: 'c', image: 'nginx' }] });
    await cluster.containerOf('imageless', ({ state }) => state.waiting?.reason === 'ImagePullBackOff');
    expect(await remove('imageless')).toBeLessThan(8000); // the grace period is 30 s
  });
});
