import type {
  ContainerState,
  ContainerStateTerminated,
  ContainerStatus,
  Pod,
  StatusCondition,
} from '../../src/api/workloads.ts';
import { object } from './objects.ts';

export const EPOCH = Date.parse('2026-11-25T08:00:00Z');
/** A time as the API server writes it, in seconds after {@link EPOCH}. */
export const at = (seconds: number): string => new Date(EPOCH + seconds * 1_000).toISOString().replace('.000Z', 'Z');
/** The same in milliseconds since the epoch. */
export const ms = (seconds: number): number => EPOCH + seconds * 1_000;

export const running = (startedAt: number): ContainerState => ({ running: { startedAt: at(startedAt) } });
export const waiting = (reason: string, message?: string): ContainerState => ({
  waiting: { reason, ...(message === undefined ? {} : { message }) },
});
export const terminated = (
  startedAt: number,
  finishedAt: number,
  { exitCode = 1, reason = exitCode === 0 ? 'Completed' : 'Error', ...rest }: Partial<ContainerStateTerminated> = {},
): ContainerState => ({
  terminated: { exitCode, reason, startedAt: at(startedAt), finishedAt: at(finishedAt), ...rest },
});
export const oomKilled = (startedAt: number, finishedAt: number): ContainerState =>
  terminated(startedAt, finishedAt, { exitCode: 137, reason: 'OOMKilled' });

export const container = (
  restartCount: number,
  state: ContainerState,
  lastState: ContainerState = {},
  name = 'app',
): ContainerStatus => ({ name, ready: state.running !== undefined, restartCount, state, lastState });

export const condition = (type: string, status: string, since: number, reason?: string): StatusCondition => ({
  type,
  status,
  lastTransitionTime: at(since),
  ...(reason === undefined ? {} : { reason }),
});

/** A Pod with these containers, Running unless `status` says otherwise. */
export const podOf = (
  containerStatuses: readonly ContainerStatus[],
  status: Partial<NonNullable<Pod['status']>> = {},
  meta: Parameters<typeof object>[2] = {},
): Pod => ({
  ...object('Pod', 'web-1-a', meta),
  spec: { containers: containerStatuses.map(({ name }) => ({ name })) },
  status: { phase: 'Running', containerStatuses, ...status },
});
