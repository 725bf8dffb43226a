import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { TEMPORARY_PREFIX } from '../leftovers.ts';
import type { Ports } from '../servers/ports.ts';
import { startStack, type Stack } from '../stack.ts';
import { Demonstration } from './demonstration.ts';
import type { Presenter } from './presenter.ts';
import type { IncidentResult } from './result.ts';

export interface DemoOptions {
  readonly presenter: Presenter;
  /** Ends the demo. */
  readonly signal: AbortSignal;
  /** Whether it ends by itself when the three are healed, or after `timeoutMs`; else it goes on until `signal`. */
  readonly once: boolean;
  /** How long the incidents may take. */
  readonly timeoutMs: number;
  /** Leave what the servers wrote, for looking at it afterwards. */
  readonly keepData?: boolean;
  readonly ports?: Partial<Ports>;
  /** Take the ports that people know where they are free. Default: yes. */
  readonly preferUsualPorts?: boolean;
}

const GIVE_UP_STARTING_MS = 8_000;

/**
 * Starts everything, breaks three apps, and shows how they are healed. Resolves with what became of them; when it
 * resolves or rejects, nothing of it runs any more.
 */
export async function runDemo(options: DemoOptions): Promise<readonly IncidentResult[]> {
  const { presenter, signal } = options;
  const directory = join(tmpdir(), `${TEMPORARY_PREFIX}demo-${randomBytes(4).toString('hex')}`);
  const starting = startStack({
    directory,
    keepData: options.keepData === true,
    preferUsualPorts: options.preferUsualPorts ?? true,
    ...(options.ports === undefined ? {} : { ports: options.ports }),
    signal,
    kubelet: { crashBackoffBase: '1s' },
    onProgress: (line) => {
      presenter.progress(line);
    },
    onEvent: ({ message }) => {
      presenter.happened(message);
    },
  });
  const stack = await settled(starting, directory, signal);
  const demonstration = new Demonstration(stack, presenter);
  try {
    return await demonstration.run(options);
  } finally {
    presenter.close();
    await demonstration.stop();
    await stack.stop();
    if (options.keepData === true) presenter.progress(`the servers' data and logs are kept in ${directory}`);
  }
}

/** Waits for the start; after an interruption only as long as something could be left behind. */
async function settled(starting: Promise<Stack>, directory: string, signal: AbortSignal): Promise<Stack> {
  const interrupted = new Promise<undefined>((resolve) => {
    if (signal.aborted) resolve(undefined);
    signal.addEventListener('abort', () => {
      resolve(undefined);
    });
  });
  const first = await Promise.race([starting, interrupted]);
  if (first !== undefined) return first;
  // Until its directory is made it only looks for servers, or builds them: that ends with this process.
  starting.catch(() => undefined);
  if (existsSync(directory)) await Promise.race([starting.catch(() => undefined), delay(GIVE_UP_STARTING_MS)]);
  throw signal.reason;
}
