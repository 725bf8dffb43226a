import { existsSync, readFileSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { LocalEnvironment } from './environment.ts';
import type { Ports } from './servers/ports.ts';
import { writeFileAtomically } from './servers/write-file-atomically.ts';
import { identify, isAlive, type ProcessIdentity } from './supervisor/process-identity.ts';
import type { ProcessStatus } from './supervisor/process-spec.ts';

/** What a running `local up` has written down about itself. */
export interface LocalState {
  /** The background process that everything else is a child of. */
  readonly daemon: ProcessIdentity;
  /** RFC 3339. */
  readonly readySince: string;
  readonly directory: string;
  readonly ports: Ports;
  readonly apiServerUrl: string;
  /** The administrator's kubeconfig; those of the other identities lie beside it. */
  readonly kubeconfig: string;
  readonly kubectl: string;
  readonly temporal: LocalEnvironment['temporal'];
  readonly prometheusUrl: string;
  readonly auditLogFile: string;
  readonly processes: readonly ProcessStatus[];
}

/** Where the background environment keeps its state file, its log and, under `data`, what the servers write. */
export function defaultStateDirectory(env: NodeJS.ProcessEnv = process.env): string {
  const xdg = env['XDG_STATE_HOME'];
  return join(xdg === undefined || xdg === '' ? join(homedir(), '.local/state') : xdg, 'kubeskippy/local');
}

const stateFile = (directory: string): string => join(directory, 'state.json');
export const dataDirectory = (directory: string): string => join(directory, 'data');
export const daemonLog = (directory: string): string => join(directory, 'daemon.log');

export function writeState(directory: string, environment: LocalEnvironment, readySince: string): void {
  const daemon = identify(process.pid);
  if (daemon === undefined) throw new Error('the kernel does not know this process: is /proc mounted?');
  const state: LocalState = {
    daemon,
    readySince,
    directory: environment.directory,
    ports: environment.ports,
    apiServerUrl: environment.apiServerUrl,
    kubeconfig: environment.kubeconfig('admin'),
    kubectl: environment.kubectl,
    temporal: environment.temporal,
    prometheusUrl: environment.prometheus.url,
    auditLogFile: environment.auditLogFile,
    processes: environment.supervisor.status(),
  };
  writeFileAtomically(stateFile(directory), `${JSON.stringify(state, null, 2)}\n`, 0o600);
}

export function removeState(directory: string): void {
  rmSync(stateFile(directory), { force: true });
}

/** Whether the state file is still there. */
export const hasState = (directory: string): boolean => existsSync(stateFile(directory));

export type FoundState =
  | { readonly kind: 'none' }
  | { readonly kind: 'running'; readonly state: LocalState }
  /** Its process is gone, without having been asked to end. */
  | { readonly kind: 'stale'; readonly state: LocalState };

export function findState(directory: string): FoundState {
  let text: string;
  try {
    text = readFileSync(stateFile(directory), 'utf8');
  } catch {
    return { kind: 'none' };
  }
  const state = JSON.parse(text) as LocalState;
  return { kind: isAlive(state.daemon) ? 'running' : 'stale', state };
}
