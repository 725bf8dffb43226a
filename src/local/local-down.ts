import { rmSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { dataDirectory, defaultStateDirectory, findState, removeState } from './local-state.ts';
import { lifecycleRight } from './local-up.ts';
import { exclusively } from './servers/exclusive.ts';
import { isAlive, signalProcess, type ProcessIdentity } from './supervisor/process-identity.ts';

export interface LocalDownOptions {
  readonly stateDirectory?: string;
  /** Also delete the cluster, the workflows and the metrics; else the next `local up` goes on with them. */
  readonly deleteData?: boolean;
  readonly say?: (line: string) => void;
}

const STOP_TIMEOUT_MS = 40_000;
const POLL_MS = 50;

/** Ends the background environment, if it runs; returns whether it did. */
export async function localDown(options: LocalDownOptions = {}): Promise<boolean> {
  const { stateDirectory = defaultStateDirectory(), say = () => undefined } = options;
  const onWait = (holder: string): void => {
    say(`waiting for ${holder}, which is starting or ending the local environment`);
  };
  return exclusively(lifecycleRight(stateDirectory), onWait, async () => {
    const found = findState(stateDirectory);
    if (found.kind === 'running') await end(found.state.daemon, say);
    removeState(stateDirectory);
    if (options.deleteData === true) {
      rmSync(dataDirectory(stateDirectory), { recursive: true, force: true, maxRetries: 5 });
      say(`deleted ${dataDirectory(stateDirectory)}`);
    }
    return found.kind === 'running';
  });
}

async function end(daemon: ProcessIdentity, say: (line: string) => void): Promise<void> {
  signalProcess(daemon, 'SIGTERM');
  const deadline = Date.now() + STOP_TIMEOUT_MS;
  while (isAlive(daemon) && Date.now() < deadline) await delay(POLL_MS);
  if (!isAlive(daemon)) return;
  say(`pid ${daemon.pid} does not end within ${STOP_TIMEOUT_MS / 1000} s: killing it`);
  signalProcess(daemon, 'SIGKILL'); // its children are ended by their reaper
  while (isAlive(daemon)) await delay(POLL_MS);
}
