import { createHash } from 'node:crypto';
import { hostname } from 'node:os';
import type { EventNote, EventRecorder } from '../../ports/event-recorder.ts';
import type { Logger } from '../../telemetry/logger.ts';
import type { KubeClient } from './kube-client.ts';
import { isKubeError } from './kube-error.ts';
import { resources } from './resource.ts';

const CONTROLLER = 'kubeskippy.io/kubeskippy';
const NOTE_LIMIT = 1024;
/** Per process and second; more than this is a storm, and each of its Events would say the same. */
const PER_SECOND = 20;
const BURST = 200;
const MAX_IN_FLIGHT = 16;

/** Events in the API server (events.k8s.io/v1). The name follows from the content, so that a repeated step repeats nothing. */
export function createEventRecorder(client: KubeClient, log: Logger): EventRecorder {
  let tokens = BURST;
  let refilledAt = Date.now();
  let inFlight = 0;
  let dropped = 0;

  const admitted = (): boolean => {
    const now = Date.now();
    tokens = Math.min(BURST, tokens + ((now - refilledAt) / 1000) * PER_SECOND);
    refilledAt = now;
    if (tokens < 1 || inFlight >= MAX_IN_FLIGHT) return false;
    tokens -= 1;
    return true;
  };

  return {
    record(note) {
      if (!admitted()) {
        dropped++;
        if (dropped % 100 === 1) log.warn({ dropped }, 'events dropped: too many at once');
        return;
      }
      inFlight++;
      void send(client, note)
        .catch((error: unknown) => {
          log.debug({ err: error, reason: note.reason }, 'event not recorded');
        })
        .finally(() => {
          inFlight--;
        });
    },
  };
}

async function send(client: KubeClient, { regarding, type, reason, action, note }: EventNote): Promise<void> {
  const namespace = regarding.namespace === '' ? 'default' : regarding.namespace;
  const digest = createHash('sha256')
    .update(JSON.stringify([regarding.uid, reason, note]))
    .digest('hex')
    .slice(0, 16);
  const body = {
    apiVersion: 'events.k8s.io/v1',
    kind: 'Event',
    metadata: { name: `${regarding.name.slice(0, 200)}.${digest}`, namespace },
    // The API server refuses milliseconds here: it wants a MicroTime.
    eventTime: new Date().toISOString().replace('Z', '000Z'),
    reportingController: CONTROLLER,
    reportingInstance: hostname().slice(0, 128),
    type,
    reason: reason.slice(0, 128),
    action: action.slice(0, 128),
    note: note.slice(0, NOTE_LIMIT),
    regarding,
  };
  try {
    await client.create(resources.events, { namespace }, body);
  } catch (error) {
    if (!isKubeError(error, 'AlreadyExists')) throw error;
  }
}
