import { loadConfig } from '../src/config/load.ts';
import { createLogger } from '../src/telemetry/logger.ts';
import { startController } from './controller.ts';
import { startHealthServer } from './health-server.ts';
import { installRuntime } from './runtime.ts';
import { startWorker } from './worker.ts';

export type Part = 'controller' | 'worker';

/** Runs the parts until SIGTERM or SIGINT; a second signal ends the process at once. Rejects when a part breaks. */
export async function serve(
  parts: readonly Part[],
  environment: Readonly<Record<string, string | undefined>>,
  configFile?: string,
): Promise<void> {
  const config = loadConfig(environment, configFile);
  const log = createLogger(parts.join('+'), config.log.level);
  installRuntime(log);
  const { promise: asked, resolve: ask } = Promise.withResolvers<undefined>();
  let signals = 0;
  const onSignal = (): void => {
    if (++signals > 1) process.exit(130);
    ask(undefined);
  };
  process.on('SIGTERM', onSignal).on('SIGINT', onSignal);

  const health = await startHealthServer(config.metrics);
  const running = [];
  if (parts.includes('worker')) running.push(await startWorker(config, log));
  if (parts.includes('controller')) running.push(startController(config, log));
  health.ready = true;
  try {
    await Promise.race([asked, ...running.map((part) => part.ended)]);
  } finally {
    health.ready = false;
    await Promise.allSettled(running.map((part) => part.stop()));
    await health.stop();
  }
}
