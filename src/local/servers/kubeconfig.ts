import { writeFileSync } from 'node:fs';
import { stringify } from 'yaml';

export interface KubeconfigContent {
  readonly server: string;
  /** PEM of the authority that signed the server's certificate. */
  readonly ca: string;
  /** Name of the user entry and of the context. */
  readonly user: string;
  readonly token: string;
  readonly namespace?: string;
}

/** A kubeconfig that needs no other file, readable by its owner only. */
export function writeKubeconfig(file: string, content: KubeconfigContent): void {
  const cluster = 'kubeskippy-local';
  const context = content.user === 'admin' ? cluster : `${cluster}-${content.user}`;
  const kubeconfig = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      {
        name: cluster,
        cluster: { server: content.server, 'certificate-authority-data': Buffer.from(content.ca).toString('base64') },
      },
    ],
    users: [{ name: content.user, user: { token: content.token } }],
    contexts: [
      {
        name: context,
        context: {
          cluster,
          user: content.user,
          ...(content.namespace === undefined ? {} : { namespace: content.namespace }),
        },
      },
    ],
    'current-context': context,
  };
  writeFileSync(file, stringify(kubeconfig), { mode: 0o600 });
}
