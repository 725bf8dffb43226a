import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { KubeClient } from '../../../src/adapters/kubernetes/kube-client.ts';
import type { LocalEnvironment } from '../../../src/local/environment.ts';
import { kubeApiserver } from '../../../src/local/servers/kubernetes-processes.ts';
import { locatePrograms } from '../../../src/local/servers/locate.ts';
import { freePort } from '../../../src/local/servers/ports.ts';
import { kubeconfigAt } from '../kubeconfig-at.ts';

const NAME = 'kube-apiserver-2';
const AUDIT_POLICY = fileURLToPath(new URL('../../../deploy/local/audit-policy.yaml', import.meta.url));

/**
 * A second API server over the same data, to which nothing ever happens: one that is killed takes with it what it has
 * stored, but neither logged nor told its watchers. Resolves with an administrator's access.
 */
export async function startSecondApiServer(env: LocalEnvironment): Promise<KubeClient> {
  const port = await freePort();
  const programs = await locatePrograms(['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler'], {
    say: () => undefined,
  });
  const spec = kubeApiserver({
    programs,
    directory: env.directory,
    pki: env.pki,
    ports: { ...env.ports, api: port },
    tokenFile: join(env.directory, 'tokens.csv'),
    auditPolicyFile: AUDIT_POLICY,
    auditLogFile: join(env.directory, `${NAME}-audit.log`),
    kubeconfig: env.kubeconfig,
  });
  await env.supervisor.start({ ...spec, name: NAME });
  return KubeClient.load({
    kubeconfig: kubeconfigAt(env, 'admin', { server: `https://127.0.0.1:${port}`, name: 'observer' }),
  });
}
