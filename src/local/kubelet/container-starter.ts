import { randomBytes } from 'node:crypto';
import { ContainerConfigError, containerEnv, expand } from './environment.ts';
import type { EventSubject } from './event-recorder.ts';
import { pullImage } from './image-pull.ts';
import { LogFile } from './log-file.ts';
import type { NodeContext } from './node-context.ts';
import type { PodDirectory } from './pod-directory.ts';
import type { PodAddress } from './pod-network.ts';
import type { Container, Pod } from './pod.ts';
import { startProcess, type ContainerProcess, type ProgramRun } from './container-process.ts';

/** Why a container did not start: `waiting` of its status. */
export interface StartFailure {
  readonly reason: string;
  readonly message: string;
  /** The container was created, and ended before it ran: it counts as an instance, with this exit code. */
  readonly exitCode?: number;
  /** When to look again, if a back-off decides; epoch ms. */
  readonly retryAt?: number;
}

export interface StartedContainer {
  readonly id: string;
  readonly process: ContainerProcess;
  readonly run: ProgramRun;
}

export interface StartRequest {
  readonly pod: Pod;
  readonly container: Container;
  readonly restartCount: number;
  readonly address: PodAddress;
  readonly directory: PodDirectory;
}

export const newContainerId = (): string => `process://${randomBytes(32).toString('hex')}`;

export const subjectOf = (pod: Pod, container?: Container): EventSubject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  namespace: pod.metadata.namespace ?? '',
  name: pod.metadata.name,
  uid: pod.metadata.uid,
  ...(container === undefined
    ? {}
    : {
        fieldPath: `spec.${pod.spec.containers.includes(container) ? 'containers' : 'initContainers'}{${container.name}}`,
      }),
});

/** Pulls the image, resolves the environment and starts the process, with the Events that a kubelet writes on the way. */
export async function startContainer(
  node: NodeContext,
  request: StartRequest,
): Promise<StartedContainer | StartFailure> {
  const { pod, container, restartCount, address, directory } = request;
  const subject = subjectOf(pod, container);
  const image = pullImage(node, pod, container, subject);
  if ('reason' in image) {
    node.events.warning(subject, 'Failed', `Error: ${image.reason}`);
    return image;
  }

  let env: Record<string, string>;
  try {
    const placement = { podIP: address.reported, hostIP: node.hostIP, capacity: node.capacity };
    env = await containerEnv(pod, container, placement, node.config);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    node.events.warning(subject, 'Failed', `Error: ${message}`);
    return {
      reason: error instanceof ContainerConfigError ? 'CreateContainerConfigError' : 'CreateContainerError',
      message,
    };
  }

  const [command, ...commandArgs] = (container.command ?? []).map((word) => expand(word, env));
  const args = [...commandArgs, ...(container.args ?? []).map((word) => expand(word, env))];
  const program = command ?? image.program;
  node.events.normal(subject, 'Created', 'Container created');
  if (!node.programs.names.has(program)) {
    const message =
      'failed to create containerd task: failed to create shim task: OCI runtime create failed: unable to start ' +
      `container process: error during container init: exec: "${program}": executable file not found in $PATH`;
    node.events.warning(subject, 'Failed', `Error: ${message}`);
    return { reason: 'RunContainerError', message, exitCode: 128 };
  }

  const mounted = new Set(container.volumeMounts?.map(({ name }) => name));
  const volumes = directory.layVolumes((pod.spec.volumes ?? []).filter(({ name }) => mounted.has(name)));
  const run: ProgramRun = {
    file: node.programs.file(program),
    args,
    env: { ...nodeEnv(pod, address, volumes), ...withoutLoaderVariables(env) },
    cwd: directory.freshWorkingDirectory(container.name),
  };
  const log = new LogFile(directory.logFile(container.name, restartCount));
  directory.dropOldLogs(container.name, restartCount);
  const process = await startProcess(node.reaper, run, log);
  node.events.normal(subject, 'Started', 'Container started');
  return { id: newContainerId(), process, run };
}

/** What every process gets: there are no mount or network namespaces, so it is told where its volumes and address are. */
function nodeEnv(pod: Pod, address: PodAddress, volumes: ReadonlyMap<string, string>): Record<string, string> {
  const env: Record<string, string> = {
    PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    HOSTNAME: pod.metadata.name,
    KUBESKIPPY_BIND_ADDRESS: address.bind,
  };
  for (const [name, directory] of volumes)
    env[`KUBESKIPPY_VOLUME_${name.toUpperCase().replaceAll(/[^A-Z0-9]/g, '_')}`] = directory;
  return env;
}

/** A pod's author may configure a program, not load other code into it. */
const withoutLoaderVariables = (env: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(env).filter(([name]) => !/^(NODE_|LD_)/.test(name)));
