import { setTimeout as sleep } from 'node:timers/promises';
import type { IdentityPort } from '../src/ports/identity.ts';
import type { Logger } from '../src/telemetry/logger.ts';

/** After a start of everything at once, the admission policies may still be on their way. */
const FIRST_LOOK_MS = 15_000;
const AGAIN_MS = 60_000;
const NAMESPACE = 'default';

/** Says once in the log whether names in `spec.approval` prove anything in this cluster. Ends with the signal. */
export async function reportIdentity(
  identity: IdentityPort,
  requireIdentity: boolean,
  log: Logger,
  signal: AbortSignal,
): Promise<void> {
  for (let wait = FIRST_LOOK_MS; await passed(wait, signal); wait = AGAIN_MS)
    try {
      if (await identity.vouched(NAMESPACE)) log.info('the API server proves who asks for and who approves a healing');
      else
        log.warn(
          { approvalsCount: !requireIdentity },
          'the admission policies in deploy/admission are not in force: names in spec.approval prove nothing',
        );
      return;
    } catch (error) {
      log.debug({ err: error }, 'admission policies not looked for');
    }
}

/** False when the signal came first. */
const passed = (ms: number, signal: AbortSignal): Promise<boolean> =>
  sleep(ms, true, { signal, ref: false }).catch(() => false);
