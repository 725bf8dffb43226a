/** Runs the local servers in the foreground until Ctrl-C, for work on the project itself. */
import { KubeClient } from '../adapters/kubernetes/kube-client.ts';
import { startLocalEnvironment } from './environment.ts';
import { installManifests } from './install-manifests.ts';

const say = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

const environment = await startLocalEnvironment({
  preferUsualPorts: true,
  onProgress: say,
  onEvent: (event) => {
    say(event.message);
  },
});
await installManifests(KubeClient.load({ kubeconfig: environment.kubeconfig('admin') }));
say(`export KUBECONFIG=${environment.kubeconfig('admin')}`);
say(
  `Temporal ${environment.temporal.address}, UI ${environment.temporal.uiUrl}, Prometheus ${environment.prometheus.url}`,
);
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void environment.stop());
