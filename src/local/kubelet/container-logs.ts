import { existsSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import type { ContainerRecord } from './container-record.ts';
import type { Kubelet } from './kubelet.ts';
import { readLog, type LogOptions } from './log-reader.ts';
import { allContainers } from './pod.ts';

export const LOGS_PATH = /^\/containerLogs\/([^/]+)\/([^/]+)\/([^/]+)$/;

/** `GET /containerLogs/{namespace}/{pod}/{container}`, what the API server asks a node for `kubectl logs`. */
export async function serveContainerLogs(kubelet: Kubelet, url: URL, response: ServerResponse): Promise<void> {
  const [, namespace = '', pod = '', container = ''] = LOGS_PATH.exec(url.pathname) ?? [];
  const worker = kubelet.find(decodeURIComponent(namespace), decodeURIComponent(pod));
  if (worker === undefined) {
    refuse(response, 404, `pod ${JSON.stringify(pod)} in namespace ${JSON.stringify(namespace)} is not on this node\n`);
    return;
  }
  if (!allContainers(worker.pod).some(({ name }) => name === container)) {
    refuse(response, 404, `container ${JSON.stringify(container)} not found in pod ${JSON.stringify(pod)}\n`);
    return;
  }
  const record = worker.records.get(container);
  const previous = url.searchParams.get('previous') === 'true';
  const subject = `container ${JSON.stringify(container)} in pod ${JSON.stringify(pod)}`;
  if (record?.current === undefined) {
    const answer = previous
      ? `previous terminated ${subject} not found`
      : `${subject} is waiting to start: ${whyWaiting(record)}`;
    refuse(response, 400, answer);
    return;
  }
  // Status shows a container that waits for its restart as having ended before: that instance is the previous one then.
  const waits = record.current.state === 'exited' && record.failure !== undefined;
  const instance = record.restartCount - (previous && !waits ? 1 : 0);
  if (instance < 0) {
    refuse(response, 400, `previous terminated ${subject} not found`);
    return;
  }
  const file = worker.directory.logFile(container, instance);
  if (!existsSync(file)) {
    refuse(response, 400, `unable to retrieve container logs of ${subject}: instance ${instance} left no log`);
    return;
  }
  const ended = new AbortController();
  response.on('close', () => {
    ended.abort();
  });
  response.writeHead(200, { 'content-type': 'text/plain; charset=utf-8', 'transfer-encoding': 'chunked' });
  response.flushHeaders();
  const id = record.current.id;
  const live = (): boolean => !previous && record.current?.state === 'running' && record.current.id === id;
  for await (const piece of readLog(file, logOptions(url.searchParams), live, ended.signal)) {
    if (ended.signal.aborted) return;
    if (!response.write(piece)) await drained(response);
  }
  response.end();
}

/** In a kubelet's words. */
function whyWaiting(record: ContainerRecord | undefined): string {
  const reason = record?.failure?.reason;
  if (reason === 'ErrImagePull') return "image can't be pulled";
  if (reason === 'ImagePullBackOff') return 'trying and failing to pull image';
  return reason ?? 'ContainerCreating';
}

function logOptions(query: URLSearchParams): LogOptions {
  const number = (name: string): number | undefined => {
    const text = query.get(name);
    return text === null || !/^\d+$/.test(text) ? undefined : Number(text);
  };
  const tailLines = number('tailLines');
  const limitBytes = number('limitBytes');
  const sinceSeconds = number('sinceSeconds');
  const sinceTime = Date.parse(query.get('sinceTime') ?? '');
  const since =
    sinceSeconds === undefined ? (Number.isNaN(sinceTime) ? undefined : sinceTime) : Date.now() - sinceSeconds * 1000;
  return {
    follow: query.get('follow') === 'true',
    timestamps: query.get('timestamps') === 'true',
    ...(tailLines === undefined ? {} : { tailLines }),
    ...(limitBytes === undefined ? {} : { limitBytes }),
    ...(since === undefined ? {} : { since }),
  };
}

const drained = (response: ServerResponse): Promise<void> =>
  new Promise((resolve) => {
    response.once('drain', resolve).once('close', resolve);
  });

function refuse(response: ServerResponse, status: number, message: string): void {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' }).end(message);
}
