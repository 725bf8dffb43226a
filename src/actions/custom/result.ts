import type { Job, Pod } from '../../api/workloads.ts';
import type { Measurement } from '../../domain/verdict.ts';

/** As long as a line for people may be. */
const MAX_MESSAGE = 256;

/** What has become of a Job; undefined when it has done its work, so that the target's own health is what counts. */
export function resultOf(job: Job, pods: readonly Pod[]): Measurement | undefined {
  const named = `Job ${job.metadata.name}`;
  const { conditions = [], active = 0 } = job.status ?? {};
  const holds = (type: string) =>
    conditions.find((condition) => condition.type === type && condition.status === 'True');
  if (holds('Complete') !== undefined) return undefined;
  // The second comes when the last pod is gone; that it will come is certain from the first on.
  const failed = holds('Failed') ?? holds('FailureTarget');
  if (failed !== undefined) {
    const why = [failed.reason, failed.message].filter((text) => text !== undefined && text !== '').join(': ');
    return { state: 'failed', detail: `${named} failed: ${why}${lastWords(pods)}` };
  }
  const waiting = pods
    .flatMap(({ status }) => [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])])
    .find(({ state }) => state?.waiting?.reason !== undefined)?.state?.waiting?.reason;
  const how = waiting === undefined ? `${active} active` : `waiting: ${waiting}`;
  return { state: 'settling', detail: `${named} has not finished (${how})` };
}

/** What the containers that failed have said at their end. */
function lastWords(pods: readonly Pod[]): string {
  const ended = pods
    .flatMap(({ status }) => [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])])
    .map(({ name, state }) => ({ name, terminated: state?.terminated }))
    .find(({ terminated }) => terminated !== undefined && terminated.exitCode !== 0);
  if (ended?.terminated === undefined) return '';
  const { exitCode, message } = ended.terminated;
  const said = message === undefined ? '' : `: ${message.trim().slice(0, MAX_MESSAGE)}`;
  return `; container ${ended.name} ended with ${exitCode}${said}`;
}
