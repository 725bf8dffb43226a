import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Name of the Node that the process kubelet registers. */
export const LOCAL_NODE = 'kubeskippy-local';
export const SYSTEM_NAMESPACE = 'kubeskippy-system';

const serviceAccount = (name: string): { user: string; groups: string[] } => ({
  user: `system:serviceaccount:${SYSTEM_NAMESPACE}:${name}`,
  groups: ['system:serviceaccounts', `system:serviceaccounts:${SYSTEM_NAMESPACE}`],
});

/** Who may speak to the local API server; each has a token and a kubeconfig. Rights come from RBAC only. */
export const IDENTITIES = {
  /** May do everything. */
  admin: { user: 'admin', groups: ['system:masters'] },
  'kube-controller-manager': { user: 'system:kube-controller-manager', groups: [] },
  'kube-scheduler': { user: 'system:kube-scheduler', groups: [] },
  /** The process kubelet. */
  node: { user: `system:node:${LOCAL_NODE}`, groups: ['system:nodes'] },
  /** Owner of namespace tenant-a. */
  alice: { user: 'alice', groups: ['tenants'] },
  /** Owner of namespace tenant-b. */
  bob: { user: 'bob', groups: ['tenants'] },
  /** The healer's watcher and detector, with the rights that ship in deploy/rbac. */
  controller: serviceAccount('kubeskippy-controller'),
  /** The healer's activities, with the rights that ship in deploy/rbac. */
  worker: serviceAccount('kubeskippy-worker'),
} as const satisfies Record<string, { readonly user: string; readonly groups: readonly string[] }>;

export type Identity = keyof typeof IDENTITIES;
export const identityNames = Object.keys(IDENTITIES) as Identity[];

/** The token of each identity: kept ones from `<directory>/tokens.json`, new ones for the rest. */
export function ensureTokens(directory: string): Readonly<Record<Identity, string>> {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const file = join(directory, 'tokens.json');
  const kept = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Partial<Record<Identity, string>>) : {};
  const entries = identityNames.map((name) => [name, kept[name] ?? randomBytes(24).toString('base64url')] as const);
  const tokens = Object.fromEntries(entries) as Record<Identity, string>;
  writeFileSync(file, JSON.stringify(tokens, null, 2), { mode: 0o600 });
  return tokens;
}

/** The API server's static token file: `token,user,uid,"group,group"` lines. */
export function tokenFileText(tokens: Readonly<Record<Identity, string>>): string {
  return identityNames
    .map((name) => {
      const { user, groups } = IDENTITIES[name];
      return `${tokens[name]},${user},${name}${groups.length === 0 ? '' : `,"${groups.join(',')}"`}\n`;
    })
    .join('');
}
