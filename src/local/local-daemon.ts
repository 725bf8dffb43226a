import { mkdirSync } from 'node:fs';
import { KubeClient } from '../adapters/kubernetes/kube-client.ts';
import { startLocalEnvironment, type LocalEnvironment, type LocalEnvironmentOptions } from './environment.ts';
import { dataDirectory, hasState, removeState, writeState } from './local-state.ts';
import { startNodeAndHealer } from './stack.ts';

const STATE_CHECK_MS = 2000;

/** What `local up` tells the background process; JSON on its command line. */
export interface DaemonOptions extends Pick<LocalEnvironmentOptions, 'ports'> {
  readonly stateDirectory: string;
  /** Also run controller and worker, as the demo does. Default: no, whoever develops runs his own. */
  readonly healer?: boolean;
}

/** What the background process tells `local up` until it is ready. */
export type DaemonMessage =
  | { readonly type: 'progress'; readonly line: string }
  | { readonly type: 'ready' }
  | { readonly type: 'failed'; readonly message: string };

/**
 * The body of the background process: runs the servers and the node until SIGTERM, and keeps the state file true. If
 * `local up` ends before all is ready, this ends too.
 */
export async function serveLocalEnvironment(options: DaemonOptions): Promise<void> {
  const { stateDirectory } = options;
  mkdirSync(stateDirectory, { recursive: true, mode: 0o700 });
  let environment: LocalEnvironment | undefined;
  let readySince: string | undefined;
  const say = (line: string): void => {
    process.stdout.write(`${new Date().toISOString()} ${line}\n`);
    tell({ type: 'progress', line });
  };
  const recordState = (): void => {
    if (environment === undefined || readySince === undefined) return;
    try {
      writeState(stateDirectory, environment, readySince);
    } catch (error) {
      say(`the state file cannot be written: ${String(error)}`); // worse than a stale one would be to end everything
    }
  };
  const end = async (code: number): Promise<void> => {
    await environment?.stop();
    removeState(stateDirectory);
    process.exit(code); // whatever has been started and not yet come up ends with us
  };
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.once(signal, () => void end(0));
  process.once('disconnect', () => {
    if (readySince === undefined) void end(1);
  });
  try {
    environment = await startLocalEnvironment({
      directory: dataDirectory(stateDirectory),
      preferUsualPorts: true,
      ...(options.ports === undefined ? {} : { ports: options.ports }),
      onProgress: say,
      onEvent: (event) => {
        say(event.message);
        recordState();
      },
    });
    const admin = KubeClient.load({ kubeconfig: environment.kubeconfig('admin') });
    await startNodeAndHealer(environment, admin, { healer: options.healer === true, onProgress: say });
    readySince = new Date().toISOString();
    writeState(stateDirectory, environment, readySince);
    tell({ type: 'ready' });
    if (process.connected) process.disconnect();
    // Without its state file `local down` could not find it any more.
    setInterval(() => {
      if (!hasState(stateDirectory)) void end(1);
    }, STATE_CHECK_MS);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    process.stdout.write(`${message}\n`);
    tell({ type: 'failed', message });
    await end(1);
  }
}

function tell(message: DaemonMessage): void {
  if (process.connected) process.send?.(message);
}
