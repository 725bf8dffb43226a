import { afterEach, expect, test } from '@jest/globals';
import { KubeClient } from '../../src/adapters/kubernetes/kube-client.ts';
import { resources } from '../../src/adapters/kubernetes/resource.ts';
import type { LocalStatus } from '../../src/local/local-status.ts';
import { kubeskippyCommand, KubeskippyProcess } from '../support/local/kubeskippy-process.ts';
import { temporaryDirectory } from '../support/local/temporary-directory.ts';

interface Run {
  readonly code: number;
  readonly stdout: string;
  readonly output: string;
}

let state = '';
async function local(...args: readonly string[]): Promise<Run> {
  const command = new KubeskippyProcess(process.execPath, kubeskippyCommand('local', ...args), {
    XDG_STATE_HOME: state,
  });
  const code = await command.ended;
  command.tree.stop(); // what runs on in the background is meant to
  return { code, stdout: command.stdout, output: command.output };
}

afterEach(async () => {
  await local('down', '--delete-data');
});

test('up, status, up again, down: one environment in the background, with or without the healer', async () => {
  state = temporaryDirectory();
  expect(await local('status')).toMatchObject({ code: 1, stdout: expect.stringContaining('does not run') });
  expect(await local('down')).toMatchObject({ code: 0, stdout: expect.stringContaining('did not run') });

  const up = await local('up', '--no-healer');
  expect(up).toMatchObject({ code: 0, stdout: expect.stringMatching(/export KUBECONFIG=.*\n[^]*Temporal.*UI http/) });
  const kubeconfig = /KUBECONFIG=(.*)/.exec(up.stdout)?.[1] ?? '';
  const nodes = await KubeClient.load({ kubeconfig }).list(resources.nodes);
  expect(nodes.items).toHaveLength(1);

  const status = await local('status', '-o', 'json');
  expect(status.code).toBe(0);
  const found = JSON.parse(status.stdout) as LocalStatus;
  const names = found.running ? found.processes.map(({ name }) => name) : [];
  expect(names).toEqual(expect.arrayContaining(['etcd', 'kube-apiserver', 'kubelet', 'prometheus', 'temporal']));
  expect(names).not.toContain('worker');
  expect((await local('status')).stdout).toMatch(/^kubelet +ready +\d+/m);

  expect(await local('up')).toMatchObject({ code: 0, output: expect.stringContaining('runs already') });
  expect(await local('down')).toMatchObject({ code: 0, stdout: expect.stringContaining('has ended') });

  await local('up');
  expect((await local('status')).stdout).toMatch(/^worker +ready +\d+[^]*^controller +ready +\d+/m);
});
