import type { ContainerHistory } from './container-history.ts';
import { no, type Fact } from './fact.ts';

/**
 * `ImagePullBackOff`, `CreateContainerConfigError` and their like: the container waits for that reason. `reasons` are the
 * names that one fault goes by in turn; `endings` are the ways a start fails when the reason is that it does not start.
 *
 * A waiting state carries no time. `notReadySince` stands in for it if the object was not seen before.
 */
export function waitingFor(
  container: ContainerHistory,
  { reasons, endings = [] }: WaitingReasons,
  notReadySince: number | undefined,
): Fact {
  const { name, state, waitingReason, waitingMessage, last } = container;
  if (waitingReason !== undefined && reasons.includes(waitingReason))
    return holds(
      `container ${name} waits: ${waitingReason}${waitingMessage === undefined ? '' : `: ${waitingMessage}`}`,
    );
  if (state !== 'running' && last !== undefined && endings.includes(last.reason))
    return holds(`container ${name} did not start: ${last.reason}, exit code ${last.exitCode}`);
  return no(
    waitingReason === undefined ? `container ${name} does not wait` : `container ${name} waits: ${waitingReason}`,
  );

  function holds(evidence: string): Fact {
    return { known: true, value: 'True', since: { oldest: notReadySince }, evidence };
  }
}

export interface WaitingReasons {
  readonly reasons: readonly string[];
  readonly endings?: readonly string[];
}

const pull = { reasons: ['ImagePullBackOff', 'ErrImagePull'] };

/** What a kubelet says of a container that does not get to run, by the name under which a trigger asks for it. */
export const WAITING_REASONS: Readonly<Record<string, WaitingReasons>> = {
  // One fault, two names: the kubelet alternates between the try and the pause.
  ImagePullBackOff: pull,
  ErrImagePull: pull,
  InvalidImageName: { reasons: ['InvalidImageName'] },
  ErrImageNeverPull: { reasons: ['ErrImageNeverPull'] },
  ImageInspectError: { reasons: ['ImageInspectError'] },
  RegistryUnavailable: { reasons: ['RegistryUnavailable'] },
  CreateContainerConfigError: { reasons: ['CreateContainerConfigError'] },
  CreateContainerError: { reasons: ['CreateContainerError'] },
  RunContainerError: { reasons: ['RunContainerError'], endings: ['StartError', 'ContainerCannotRun'] },
};
