import { DefaultLogger, Runtime, type LogLevel } from '@temporalio/worker';
import type { Logger } from '../src/telemetry/logger.ts';

const LEVELS = { TRACE: 'trace', DEBUG: 'debug', INFO: 'info', WARN: 'warn', ERROR: 'error' } as const satisfies Record<
  LogLevel,
  keyof Logger
>;

/** Sends what the Temporal SDK logs through our logger. Must come before the first connection of the process. */
export function installRuntime(log: Logger): void {
  Runtime.install({
    logger: new DefaultLogger('WARN', ({ level, message, meta }) => {
      const { error, ...rest } = meta ?? {};
      log[LEVELS[level]]({ temporal: rest, ...(error === undefined ? {} : { err: error }) }, message);
    }),
    // The process ends itself: see `serve`.
    shutdownSignals: [],
  });
}
