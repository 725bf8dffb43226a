import { goDuration } from './backoff.ts';
import type { EventSubject } from './event-recorder.ts';
import { resolveImage } from './image.ts';
import type { NodeContext } from './node-context.ts';
import type { Container, Pod } from './pod.ts';

export interface PullFailure {
  readonly reason: 'ErrImagePull' | 'ImagePullBackOff' | 'InvalidImageName' | 'ErrImageNeverPull';
  readonly message: string;
  readonly retryAt?: number;
}

export interface PulledImage {
  readonly program: string;
}

type PullContext = Pick<
  NodeContext,
  'programs' | 'imageBackoff' | 'pulledImages' | 'pullErrors' | 'events' | 'backoffBaseMs'
>;

/** Makes sure that the container's image is here, by its pull policy, as a kubelet's image manager does. */
export function pullImage(
  node: PullContext,
  pod: Pod,
  container: Container,
  subject: EventSubject,
  now = Date.now(),
): PulledImage | PullFailure {
  const { image } = container;
  const { events, imageBackoff, pulledImages, pullErrors } = node;
  const resolution = resolveImage(image, node.programs.names);
  if (resolution.kind === 'invalid') {
    events.warning(subject, 'InspectFailed', resolution.message);
    return { reason: 'InvalidImageName', message: resolution.message };
  }
  const policy = container.imagePullPolicy ?? (/(:latest|^[^:]*)$/.test(image) ? 'Always' : 'IfNotPresent');
  // The programs come with the node, as images that were loaded onto it.
  const present = resolution.kind === 'program' && (policy === 'Never' || pulledImages.has(image));
  if (policy === 'Never' && !present) {
    const message = `Container image "${image}" is not present with pull policy of Never`;
    events.warning(subject, 'ErrImageNeverPull', message);
    return { reason: 'ErrImageNeverPull', message };
  }
  if (present && policy !== 'Always') {
    events.normal(
      subject,
      'Pulled',
      `Container image "${image}" already present on machine and can be accessed by the pod`,
    );
    return { program: resolution.program };
  }

  const key = `${pod.metadata.uid}_${image}`;
  const left = imageBackoff.remainingSinceUpdateMs(key, now);
  if (left > 0) {
    const message = `Back-off pulling image "${image}"`;
    events.normal(subject, 'BackOff', message);
    return { reason: 'ImagePullBackOff', message: `${message}: ${pullErrors.get(key) ?? ''}`, retryAt: now + left };
  }
  events.normal(subject, 'Pulling', `Pulling image "${image}"`);
  if (resolution.kind === 'missing') {
    events.warning(subject, 'Failed', `Failed to pull image "${image}": ${resolution.message}`);
    imageBackoff.next(key, now, now);
    pullErrors.set(key, `ErrImagePull: ${resolution.message}`);
    return { reason: 'ErrImagePull', message: resolution.message, retryAt: now + node.backoffBaseMs / 5 };
  }
  pullErrors.delete(key);
  pulledImages.add(image);
  const took = goDuration(Date.now() - now);
  const bytes = node.programs.bytes(resolution.program);
  events.normal(
    subject,
    'Pulled',
    `Successfully pulled image "${image}" in ${took} (${took} including waiting). Image size: ${bytes} bytes.`,
  );
  return { program: resolution.program };
}
