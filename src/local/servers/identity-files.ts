import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ensureTokens, identityNames, tokenFileText, type Identity } from './identities.ts';
import { writeKubeconfig } from './kubeconfig.ts';
import type { Pki } from './pki.ts';

export interface IdentityFiles {
  /** What the API server reads. */
  readonly tokenFile: string;
  /** Path of an identity's kubeconfig. */
  readonly kubeconfig: (identity: Identity) => string;
}

/** Where these identities find themselves when they name no namespace. */
const HOME_NAMESPACES: Partial<Record<Identity, string>> = { alice: 'tenant-a', bob: 'tenant-b' };

/** Writes the API server's token file and a kubeconfig per identity; tokens of an earlier run stay. */
export function writeIdentityFiles(directory: string, pki: Pki, server: string): IdentityFiles {
  const tokens = ensureTokens(directory);
  const tokenFile = join(directory, 'tokens.csv');
  writeFileSync(tokenFile, tokenFileText(tokens), { mode: 0o600 });
  mkdirSync(join(directory, 'kubeconfig'), { recursive: true });
  const kubeconfig = (identity: Identity): string => join(directory, 'kubeconfig', `${identity}.yaml`);
  const ca = readFileSync(pki.ca.certFile, 'utf8');
  for (const identity of identityNames) {
    const namespace = HOME_NAMESPACES[identity];
    writeKubeconfig(kubeconfig(identity), {
      server,
      ca,
      user: identity,
      token: tokens[identity],
      ...(namespace === undefined ? {} : { namespace }),
    });
  }
  return { tokenFile, kubeconfig };
}
