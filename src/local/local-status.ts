import { defaultStateDirectory, findState, type LocalState } from './local-state.ts';
import type { Ports } from './servers/ports.ts';
import { isAlive } from './supervisor/process-identity.ts';
import { listensOn } from './supervisor/listening-sockets.ts';
import type { ProcessState, ProcessStatus } from './supervisor/process-spec.ts';

export interface LocalProcessStatus {
  readonly name: string;
  readonly pid?: number;
  readonly state: ProcessState;
  /** It runs, and listens on its port if it has one. */
  readonly ready: boolean;
  readonly port?: number;
  readonly restarts: number;
  readonly logFile: string;
}

export type LocalStatus =
  | { readonly running: true; readonly state: LocalState; readonly processes: readonly LocalProcessStatus[] }
  /** `stale`: it ended without `local down`. */
  | { readonly running: false; readonly stale: boolean };

const PORT_OF: Readonly<Record<string, keyof Ports>> = {
  etcd: 'etcd',
  'kube-apiserver': 'api',
  'kube-controller-manager': 'controllerManager',
  'kube-scheduler': 'scheduler',
  temporal: 'temporal',
  prometheus: 'prometheus',
  kubelet: 'kubelet',
};

/** What runs now, looked at afresh. */
export function localStatus(stateDirectory = defaultStateDirectory()): LocalStatus {
  const found = findState(stateDirectory);
  if (found.kind !== 'running') return { running: false, stale: found.kind === 'stale' };
  const { state } = found;
  return { running: true, state, processes: state.processes.map((process) => lookAt(process, state.ports)) };
}

function lookAt({ name, state, process, restarts, logFile }: ProcessStatus, ports: Ports): LocalProcessStatus {
  const portName = PORT_OF[name];
  const port = portName === undefined ? undefined : ports[portName];
  const pid = process !== undefined && isAlive(process) ? process.pid : undefined;
  return {
    ...{ name, state, restarts, logFile },
    ready: pid !== undefined && (port === undefined || listensOn(pid, port)),
    ...(pid === undefined ? {} : { pid }),
    ...(port === undefined ? {} : { port }),
  };
}
