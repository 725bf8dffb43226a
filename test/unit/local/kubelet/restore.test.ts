import { expect, test } from '@jest/globals';
import { restoreRecords } from '../../../../src/local/kubelet/restore.ts';
import type { ContainerStatus, Pod } from '../../../../src/local/kubelet/pod.ts';
import { NOW, pod, running, terminated } from './fixtures.ts';

const reported = (status: Partial<ContainerStatus>): Pod =>
  pod(
    {},
    {
      status: {
        containerStatuses: [
          {
            name: 'web',
            image: 'i',
            imageID: '',
            ready: true,
            started: true,
            restartCount: 3,
            state: {},
            lastState: {},
            containerID: 'process://x',
            ...status,
          },
        ],
      },
    },
  );

test('a new pod has no past', () => {
  expect(restoreRecords(pod(), undefined, NOW).size).toBe(0);
});

test('what ran is lost with the node, by checkpoint or by reported status, and is never taken over', () => {
  const lost = {
    state: 'exited',
    terminated: { exitCode: 255, reason: 'Unknown', finishedAt: '2030-01-01T00:01:00Z' },
  };
  const checkpoint = {
    address: '10.64.0.1',
    startedAt: 1,
    processes: {},
    containers: { web: running({ restartCount: 5 }) },
  };
  const fromCheckpoint = restoreRecords(reported({}), checkpoint, NOW).get('web');
  expect(fromCheckpoint).toMatchObject({ restartCount: 5, ready: false, started: false, current: lost });
  const fromStatus = restoreRecords(
    reported({ state: { running: { startedAt: '2030-01-01T00:00:00Z' } } }),
    undefined,
    NOW,
  ).get('web');
  expect(fromStatus).toMatchObject({ restartCount: 3, current: lost });
});

test('a container that waited for its restart ended as its last state says', () => {
  const waiting = { state: { waiting: { reason: 'CrashLoopBackOff' } }, lastState: { terminated: terminated(7) } };
  const record = restoreRecords(reported(waiting), undefined, NOW).get('web');
  expect(record?.current).toMatchObject({
    state: 'exited',
    terminated: { exitCode: 7 },
    finishedAt: Date.parse('2030-01-01T00:00:30Z'),
  });
  expect(record?.previous).toBeUndefined();
});

test('a terminated container keeps both its states', () => {
  const record = restoreRecords(
    reported({ state: { terminated: terminated(0) }, lastState: { terminated: terminated(2) } }),
    undefined,
    NOW,
  ).get('web');
  expect(record).toMatchObject({ current: { terminated: { exitCode: 0 } }, previous: { exitCode: 2 } });
});
