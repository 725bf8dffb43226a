import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import type { LocalEnvironment } from '../../src/local/environment.ts';
import type { Identity } from '../../src/local/servers/identities.ts';

interface Kubeconfig {
  readonly clusters: { readonly name: string; readonly cluster: Readonly<Record<string, string>> }[];
}

/** Path of an identity's kubeconfig that differs in the server's address only. */
export function kubeconfigAt(
  env: LocalEnvironment,
  identity: Identity,
  { server, name }: { readonly server: string; readonly name: string },
): string {
  const given = parse(readFileSync(env.kubeconfig(identity), 'utf8')) as Kubeconfig;
  const clusters = given.clusters.map((entry) => ({ ...entry, cluster: { ...entry.cluster, server } }));
  const file = join(env.directory, 'kubeconfig', `${name}.yaml`);
  writeFileSync(file, stringify({ ...given, clusters }), { mode: 0o600 });
  return file;
}
