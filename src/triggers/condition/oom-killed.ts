import { recoveryMs, untold, wasLongRun, type ContainerHistory } from './container-history.ts';
import { no, type Fact } from './fact.ts';

/**
 * `OOMKilled`: one of the last two terminations was for lack of memory, and the container has not recovered since, which
 * is measured as for a crash loop: by a long enough run.
 */
export function oomKilled(container: ContainerHistory): Fact {
  const { name, state, runningForMs, terminations, last, beforeLast } = container;
  if (terminations === 0) return no(`container ${name} has never terminated`);
  if (last === undefined) return untold(container);
  const kills = [last, ...(beforeLast === undefined || wasLongRun(last) ? [] : [beforeLast])].filter(
    ({ reason }) => reason === 'OOMKilled',
  );
  const newest = kills[0];
  if (newest === undefined) return no(`container ${name} was not killed for lack of memory`);
  const left = state === 'running' ? recoveryMs(last) - runningForMs : undefined;
  if (left !== undefined && left <= 0) return no(`container ${name} has recovered`);
  return {
    known: true,
    value: 'True',
    since: { newest: newest.finishedAt, oldest: kills.at(-1)?.finishedAt },
    evidence: `container ${name} was killed for lack of memory (exit code ${newest.exitCode}), terminations so far: ${terminations}`,
    ...(left === undefined ? {} : { changesAfterMs: left }),
  };
}
