import type { Terminated } from './pod.ts';

/** What the node knows about one container of one pod. Times in epoch milliseconds. */
export interface ContainerRecord {
  /** Restarts so far: 0 for the first instance. */
  restartCount: number;
  current?: Instance;
  /** How the instance before the current one ended. */
  previous?: Terminated;
  /** Why the latest try to start failed or was put off; shown as `waiting`. */
  failure?: { readonly reason: string; readonly message: string };
  /** Set once an instance runs; a new instance starts over. */
  started: boolean;
  ready: boolean;
}

export type Instance = RunningInstance | ExitedInstance;

export interface RunningInstance {
  readonly state: 'running';
  readonly id: string;
  readonly startedAt: number;
}

export interface ExitedInstance {
  readonly state: 'exited';
  readonly id: string;
  readonly startedAt: number;
  readonly finishedAt: number;
  readonly terminated: Terminated;
}

export const newRecord = (): ContainerRecord => ({ restartCount: 0, started: false, ready: false });

export type Records = ReadonlyMap<string, ContainerRecord>;
