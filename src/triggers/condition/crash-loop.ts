import { recoveryMs, untold, wasLongRun, type ContainerHistory, type Termination } from './container-history.ts';
import { no, type Fact } from './fact.ts';

/**
 * `CrashLoopBackOff`: from the second failed run on, whatever the container shows at the moment, because a kubelet shows
 * the waiting reason 11 to 50 s late and with a short back-off never. A run of ten minutes ends the loop, as it does for
 * the kubelet; so does running for twice as long as the last run that failed, at least half a minute.
 */
export function crashLoop(container: ContainerHistory): Fact {
  const { name, state, runningForMs, terminations, last, beforeLast } = container;
  const holds = (changesAfterMs?: number): Fact => ({
    known: true,
    value: 'True',
    since: { newest: last?.finishedAt, oldest: loopSince(container) },
    evidence: `container ${name} terminated ${terminations} times${lastExit(last)}`,
    ...(changesAfterMs === undefined ? {} : { changesAfterMs }),
  });

  if (container.waitingReason === 'CrashLoopBackOff') return holds();
  if (terminations === 0) return no(`container ${name} has never terminated`);
  if (terminations === 1) return no(`container ${name} terminated only once`);
  if (last === undefined) return untold(container);
  if (last.exitCode === 0 || beforeLast?.exitCode === 0 || wasLongRun(last))
    return no(`container ${name} does not crash in a loop`);
  if (state !== 'running') return holds();
  const left = recoveryMs(last) - runningForMs;
  return left > 0 ? holds(left) : no(`container ${name} has recovered`);
}

/** The second failure at the latest; the one before the last if that was not the first of the loop. */
function loopSince({ terminations, last, beforeLast }: ContainerHistory): number | undefined {
  const earlier = terminations > 2 && beforeLast !== undefined && !wasLongRun(beforeLast) ? beforeLast : last;
  return earlier?.finishedAt;
}

const lastExit = (last: Termination | undefined): string =>
  last === undefined ? '' : `, last exit code ${last.exitCode} (${last.reason})`;
