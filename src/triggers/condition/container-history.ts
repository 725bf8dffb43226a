import type { ContainerStateTerminated, ContainerStatus } from '../../api/workloads.ts';
import { no, timeOf, type Fact } from './fact.ts';

/** The end of one run of a container. */
export interface Termination {
  readonly exitCode: number;
  readonly reason: string;
  /** Milliseconds since the epoch. */
  readonly finishedAt: number | undefined;
  /** Undefined for a container that never started. */
  readonly startedAt: number | undefined;
}

/** What a container's status tells of its past: at most the last two terminations, and how many there were. */
export interface ContainerHistory {
  readonly name: string;
  readonly state: 'running' | 'waiting' | 'terminated' | 'unknown';
  /** Milliseconds for which it has been running; 0 when it is not. */
  readonly runningForMs: number;
  readonly waitingReason: string | undefined;
  readonly waitingMessage: string | undefined;
  readonly terminations: number;
  readonly last: Termination | undefined;
  readonly beforeLast: Termination | undefined;
}

export function historyOf(status: ContainerStatus, now: number): ContainerHistory {
  const { running, waiting, terminated } = status.state ?? {};
  const earlier = terminationOf(status.lastState?.terminated);
  const present = terminationOf(terminated);
  const startedAt = timeOf(running?.startedAt);
  return {
    name: status.name,
    state:
      running !== undefined
        ? 'running'
        : waiting !== undefined
          ? 'waiting'
          : terminated !== undefined
            ? 'terminated'
            : 'unknown',
    // A node's clock may be ahead of ours.
    runningForMs: startedAt === undefined ? 0 : Math.max(0, now - startedAt),
    waitingReason: waiting?.reason,
    waitingMessage: waiting?.message,
    // restartCount counts starts after the first, so a run that has ended and not been followed yet is not in it.
    terminations: status.restartCount + (terminated !== undefined || waiting?.reason === 'CrashLoopBackOff' ? 1 : 0),
    last: terminated === undefined ? earlier : present,
    beforeLast: terminated === undefined ? undefined : earlier,
  };
}

/** The kubelet's placeholder for a container that it lost track of says nothing of how the container ended. */
const NO_EVIDENCE = 'ContainerStatusUnknown';

function terminationOf(terminated: ContainerStateTerminated | undefined): Termination | undefined {
  if (terminated === undefined || terminated.reason === NO_EVIDENCE) return undefined;
  return {
    exitCode: terminated.exitCode,
    reason: terminated.reason ?? 'no reason given',
    finishedAt: timeOf(terminated.finishedAt),
    startedAt: timeOf(terminated.startedAt),
  };
}

/** Milliseconds; undefined if it is not known, as for a container that never started. */
export const runLength = ({ startedAt, finishedAt }: Termination): number | undefined =>
  startedAt === undefined || finishedAt === undefined ? undefined : Math.max(0, finishedAt - startedAt);

/** A run this long makes the kubelet forget the failures before it: its back-off starts anew. */
export const LONG_RUN_MS = 600_000;
const SHORTEST_RECOVERY_MS = 30_000;

export const wasLongRun = (termination: Termination): boolean => (runLength(termination) ?? 0) >= LONG_RUN_MS;

/**
 * How long a container must run after a failure to count as recovered: twice as long as the run that failed, so that one
 * which fails a minute after every start does not seem well for half of each minute.
 */
export const recoveryMs = (failed: Termination): number =>
  Math.min(LONG_RUN_MS, Math.max(SHORTEST_RECOVERY_MS, 2 * (runLength(failed) ?? 0)));

/** Terminated, but the runtime has forgotten how. Only a long run proves that it no longer matters. */
export function untold({ name, state, runningForMs, terminations }: ContainerHistory): Fact {
  const left = LONG_RUN_MS - runningForMs;
  if (state === 'running' && left <= 0) return no(`container ${name} has recovered`);
  return {
    known: false,
    evidence: `container ${name} terminated ${terminations} times, and its status does not say how`,
    ...(state === 'running' ? { changesAfterMs: left } : {}),
  };
}
