import type { IdentityPort } from '../src/ports/identity.ts';
import type { Logger } from '../src/telemetry/logger.ts';

/** After a start of everything at once, the admission policies may still be on their way. */
const FIRST_LOOK_MS = 15_000;
const AGAIN_MS = 60_000;
const NAMESPACE = 'default';

/** Says once in the log whether names in `spec.approval` prove anything in this cluster. Ends with the signal. */
export function reportIdentity(
  identity: IdentityPort,
  requireIdentity: boolean,
  log: Logger,
  signal: AbortSignal,
): void {
  const look = (): void => {
    identity.vouched(NAMESPACE).then(
      (vouched) => {
        if (vouched) log.info('the API server proves who asks for and who approves a healing');
        else
          log.warn(
            { approvalsCount: !requireIdentity },
            'the admission policies in deploy/admission are not in force: names in spec.approval prove nothing',
          );
      },
      (error: unknown) => {
        log.debug({ err: error }, 'admission policies not looked for');
        later(AGAIN_MS);
      },
    );
  };
  const later = (ms: number): void => {
    if (signal.aborted) return;
    const timer = setTimeout(look, ms);
    timer.unref();
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
    });
  };
  later(FIRST_LOOK_MS);
}
