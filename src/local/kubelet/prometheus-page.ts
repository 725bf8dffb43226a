import type { Kubelet } from './kubelet.ts';
import { isSidecar, type Pod } from './pod.ts';
import { parseQuantity } from './quantity.ts';
import type { UsageHistory } from './usage-history.ts';

interface Family {
  readonly name: string;
  readonly type: 'counter' | 'gauge';
  readonly help: string;
  readonly samples: string[];
}

/**
 * The `/metrics` page: the cAdvisor and kube-state-metrics series that healing rules commonly read, measured on or known
 * to this node, in Prometheus' text format.
 */
export function prometheusPage(kubelet: Kubelet, history: UsageHistory): string {
  const family = (name: string, type: Family['type'], help: string): Family => ({ name, type, help, samples: [] });
  const cpu = family('container_cpu_usage_seconds_total', 'counter', 'CPU time of the running instance in seconds.');
  const memory = family('container_memory_working_set_bytes', 'gauge', 'Resident memory in bytes.');
  const rss = family('container_memory_rss', 'gauge', 'Resident memory in bytes.');
  const limit = family('container_spec_memory_limit_bytes', 'gauge', 'Memory limit in bytes, 0 for none.');
  const restarts = family(
    'kube_pod_container_status_restarts_total',
    'counter',
    'Restarts of the container, as this node counts them.',
  );
  const ready = family('kube_pod_container_status_ready', 'gauge', '1 if the container is ready.');
  const waiting = family(
    'kube_pod_container_status_waiting_reason',
    'gauge',
    '1 for the reason that the container waits.',
  );
  const ended = family(
    'kube_pod_container_status_last_terminated_reason',
    'gauge',
    '1 for the reason that the last instance ended.',
  );
  const pods = family('kubelet_running_pods', 'gauge', 'Pods with a running container.');
  const containers = family('kubelet_running_containers', 'gauge', 'Running containers.');

  for (const usage of history.current()) {
    const labels = labelled(usage.namespace, usage.pod, usage.container);
    cpu.samples.push(`${labels} ${usage.cpuSeconds}`);
    memory.samples.push(`${labels} ${usage.memoryBytes}`);
    rss.samples.push(`${labels} ${usage.memoryBytes}`);
  }
  let runningPods = 0;
  let runningContainers = 0;
  for (const { pod, records, running } of kubelet.workers()) {
    if (running.size > 0) runningPods++;
    runningContainers += running.size;
    for (const container of longRunning(pod)) {
      const labels = labelled(pod.metadata.namespace ?? '', pod.metadata.name, container.name);
      const record = records.get(container.name);
      const declared = container.resources?.limits?.['memory'];
      if (running.has(container.name))
        limit.samples.push(`${labels} ${declared === undefined ? 0 : parseQuantity(declared)}`);
      restarts.samples.push(`${labels} ${record?.restartCount ?? 0}`);
      ready.samples.push(`${labels} ${record?.ready === true ? 1 : 0}`);
      const last = record?.current?.state === 'exited' ? record.current.terminated : record?.previous;
      if (last !== undefined) ended.samples.push(`${withReason(labels, last.reason)} 1`);
      if (record?.failure !== undefined) waiting.samples.push(`${withReason(labels, record.failure.reason)} 1`);
    }
  }
  pods.samples.push(` ${runningPods}`);
  containers.samples.push(` ${runningContainers}`);

  return [cpu, memory, rss, limit, restarts, ready, waiting, ended, pods, containers].map(text).join('');
}

const longRunning = ({ spec }: Pod) => [...spec.containers, ...(spec.initContainers ?? []).filter(isSidecar)];

const labelled = (namespace: string, pod: string, container: string): string =>
  `{namespace="${namespace}",pod="${pod}",container="${container}"}`;

const withReason = (labels: string, reason: string): string => labels.replace('}', `,reason="${reason}"}`);

const text = ({ name, type, help, samples }: Family): string =>
  samples.length === 0
    ? ''
    : `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${samples.map((sample) => `${name}${sample}\n`).join('')}`;
