import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ProcessIdentity } from '../supervisor/process-identity.ts';
import type { ContainerRecord } from './container-record.ts';
import type { Volume } from './pod.ts';

/** What a pod's directory remembers across a restart of the node, as a container runtime would. */
export interface Checkpoint {
  readonly address: string;
  readonly startedAt: number;
  readonly containers: Readonly<Record<string, ContainerRecord>>;
  /** Processes that ran when this was written. */
  readonly processes: Readonly<Record<string, ProcessIdentity>>;
}

/** Everything that a pod has on disk; removed with the pod. */
export class PodDirectory {
  readonly path: string;

  constructor(podsRoot: string, uid: string) {
    this.path = join(podsRoot, uid);
    mkdirSync(this.path, { recursive: true });
  }

  /** Log of one instance of a container. */
  logFile(container: string, restartCount: number): string {
    mkdirSync(join(this.path, 'logs', container), { recursive: true });
    return join(this.path, 'logs', container, `${restartCount}.log`);
  }

  /** Removes logs older than the previous instance's. */
  dropOldLogs(container: string, restartCount: number): void {
    for (const name of readdirSync(join(this.path, 'logs', container)))
      if (Number.parseInt(name, 10) < restartCount - 1) rmSync(join(this.path, 'logs', container, name));
  }

  /** A fresh working directory: what a container writes outside of its volumes is gone when it restarts. */
  freshWorkingDirectory(container: string): string {
    const directory = join(this.path, 'work', container);
    rmSync(directory, { recursive: true, force: true });
    mkdirSync(directory, { recursive: true });
    return directory;
  }

  /** `emptyDir` volumes: name → directory, kept as long as the pod. */
  layVolumes(volumes: readonly Volume[]): ReadonlyMap<string, string> {
    const directories = new Map<string, string>();
    for (const { name, emptyDir } of volumes) {
      if (emptyDir === undefined) continue;
      const directory = join(this.path, 'volumes', name);
      mkdirSync(directory, { recursive: true });
      directories.set(name, directory);
    }
    return directories;
  }

  save(checkpoint: Checkpoint): void {
    const file = join(this.path, 'checkpoint.json');
    writeFileSync(`${file}.new`, JSON.stringify(checkpoint));
    renameSync(`${file}.new`, file);
  }

  load(): Checkpoint | undefined {
    return readCheckpoint(this.path);
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

function readCheckpoint(directory: string): Checkpoint | undefined {
  try {
    return JSON.parse(readFileSync(join(directory, 'checkpoint.json'), 'utf8')) as Checkpoint;
  } catch {
    return undefined; // none was written, or not whole: the pod starts as a new one
  }
}

/** The pods that have a directory, with what is remembered of each. */
export function checkpointsIn(podsRoot: string): ReadonlyMap<string, Checkpoint | undefined> {
  return new Map(readdirSync(podsRoot).map((uid) => [uid, readCheckpoint(join(podsRoot, uid))]));
}
