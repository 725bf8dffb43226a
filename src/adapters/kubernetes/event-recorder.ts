import { createHash } from 'node:crypto';
import { hostname } from 'node:os';
import type { EventNote, EventRecorder } from '../../ports/event-recorder.ts';
import type { Logger } from '../../telemetry/logger.ts';
import type { KubeClient } from './kube-client.ts';
import { isKubeError } from './kube-error.ts';
import { resources } from './resource.ts';

const CONTROLLER = 'kubeskippy.io/kubeskippy';
const NOTE_LIMIT = 1024;
/** Per process and second, once the burst is used up: Events must not be what the API server is busy with. */
const PER_SECOND = 20;
const BURST = 200;
const MAX_IN_FLIGHT = 16;
/** More than this is a storm, and each of its Events would say the same. */
const MAX_WAITING = 2_000;

interface Taken {
  readonly note: EventNote;
  readonly at: Date;
}

/**
 * Events in the API server (events.k8s.io/v1). The name follows from the content, so that a repeated step repeats nothing.
 * What comes all at once is sent bit by bit.
 */
export function createEventRecorder(client: KubeClient, log: Logger): EventRecorder {
  const waiting: Taken[] = [];
  let tokens = BURST;
  let refilledAt = Date.now();
  let inFlight = 0;
  let dropped = 0;
  let timer: NodeJS.Timeout | undefined;

  /** Milliseconds until the next may be sent. */
  const pauseMs = (): number => {
    const now = Date.now();
    tokens = Math.min(BURST, tokens + ((now - refilledAt) / 1000) * PER_SECOND);
    refilledAt = now;
    return tokens >= 1 ? 0 : ((1 - tokens) / PER_SECOND) * 1000;
  };

  const pump = (): void => {
    timer = undefined;
    while (inFlight < MAX_IN_FLIGHT) {
      const pause = pauseMs();
      const taken = pause > 0 ? undefined : waiting.shift();
      if (taken === undefined) {
        if (waiting.length > 0) timer ??= setTimeout(pump, Math.ceil(pause)).unref();
        return;
      }
      tokens -= 1;
      inFlight++;
      void send(client, taken)
        .catch((error: unknown) => {
          log.debug({ err: error, reason: taken.note.reason }, 'event not recorded');
        })
        .finally(() => {
          inFlight--;
          if (timer === undefined) pump();
        });
    }
  };

  return {
    record(note) {
      if (waiting.length >= MAX_WAITING) {
        dropped++;
        if (dropped % 100 === 1) log.warn({ dropped }, 'events dropped: too many at once');
        return;
      }
      waiting.push({ note, at: new Date() });
      if (timer === undefined) pump();
    },
  };
}

async function send(client: KubeClient, { note: taken, at }: Taken): Promise<void> {
  const { regarding, type, reason, action, note } = taken;
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
    eventTime: at.toISOString().replace('Z', '000Z'),
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
