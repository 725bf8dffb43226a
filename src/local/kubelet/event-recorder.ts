import type { KubeClient } from '../../adapters/kubernetes/kube-client.ts';
import { isKubeError } from '../../adapters/kubernetes/kube-error.ts';
import { resources } from '../../adapters/kubernetes/resource.ts';
import type { Logger } from '../../telemetry/logger.ts';
import { EventSpamFilter } from './event-spam-filter.ts';
import { rfc3339 } from './pod.ts';

/** What an Event is about. */
export interface EventSubject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace?: string;
  readonly name: string;
  readonly uid: string;
  /** e.g. `spec.containers{web}`. */
  readonly fieldPath?: string;
}

interface Sighting {
  readonly subject: EventSubject;
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly message: string;
  readonly at: string;
  readonly component: string;
}

interface Series {
  readonly name: string;
  readonly firstAt: string;
  count: number;
}

const MANAGER = { fieldManager: 'kubelet' };
let lastStamp = 0n;
/** Nanoseconds since 1970, never the same twice: as part of names it lists the Events of one second in their order. */
function nextStamp(): bigint {
  const now = BigInt(Date.now()) * 1_000_000n;
  lastStamp = now > lastStamp ? now : lastStamp + 1n;
  return lastStamp;
}

const QUEUE_LIMIT = 1000;
const KNOWN_SERIES = 4096;
const MAX_TRIES = 12;
const RETRY_MS = 2000;
const MESSAGE_LIMIT = 1024;

/**
 * Writes core/v1 Events the way a kubelet does: one object per (subject, reason, message) whose count rises, at a bounded
 * rate, in order, and never in anybody's way: when the queue is full or the API server stays away, Events are lost.
 */
export class EventRecorder {
  readonly #client: KubeClient;
  readonly #host: string;
  readonly #logger: Logger;
  readonly #queue: Sighting[] = [];
  readonly #series = new Map<string, Series>();
  readonly #filter = new EventSpamFilter();
  #writing: Promise<void> | undefined;
  #stopped = false;

  constructor(client: KubeClient, host: string, logger: Logger) {
    this.#client = client;
    this.#host = host;
    this.#logger = logger;
  }

  normal(subject: EventSubject, reason: string, message: string): void {
    this.#record({ subject, type: 'Normal', reason, message });
  }

  warning(subject: EventSubject, reason: string, message: string, component?: string): void {
    this.#record({ subject, type: 'Warning', reason, message }, component);
  }

  /** Writes what is queued if the API server takes it now; gives up otherwise. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#writing;
  }

  #record(event: Pick<Sighting, 'subject' | 'type' | 'reason' | 'message'>, component = 'kubelet'): void {
    if (this.#queue.length >= QUEUE_LIMIT || !this.#filter.admits(event.subject.uid, Date.now())) return;
    this.#queue.push({ ...event, message: event.message.slice(0, MESSAGE_LIMIT), at: rfc3339(Date.now()), component });
    this.#writing ??= this.#drain();
  }

  async #drain(): Promise<void> {
    await Promise.resolve(); // so that #writing is set before it is cleared
    for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) await this.#deliver(next);
    this.#writing = undefined;
  }

  async #deliver(next: Sighting): Promise<void> {
    for (let tries = 1; ; tries++) {
      try {
        await this.#write(next);
        return;
      } catch (error) {
        const hopeless = isKubeError(error) && !error.ambiguous && error.status !== 429;
        if (!hopeless && tries < MAX_TRIES && !this.#stopped) {
          await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
          continue;
        }
        this.#logger.warn({ err: error, reason: next.reason, subject: next.subject.name }, 'event lost');
        return;
      }
    }
  }

  async #write(sighting: Sighting): Promise<void> {
    const { subject, at } = sighting;
    const namespace = subject.namespace ?? 'default';
    const key = [subject.uid, subject.fieldPath, sighting.type, sighting.reason, sighting.message].join('\u0000');
    const known = this.#series.get(key);
    if (known !== undefined) {
      const body = { count: known.count + 1, lastTimestamp: at };
      try {
        await this.#client.patch(resources.coreEvents, { namespace, name: known.name }, 'strategic', body, MANAGER);
        known.count++;
        return;
      } catch (error) {
        if (!isKubeError(error, 'NotFound')) throw error; // expired: begin anew
      }
    }
    const name = `${subject.name}.${nextStamp().toString(16)}`;
    await this.#client.create(
      resources.coreEvents,
      { namespace },
      {
        apiVersion: 'v1',
        kind: 'Event',
        metadata: { name, namespace },
        involvedObject: { ...subject },
        reason: sighting.reason,
        message: sighting.message,
        type: sighting.type,
        source: { component: sighting.component, host: this.#host },
        reportingComponent: sighting.component,
        reportingInstance: this.#host,
        firstTimestamp: at,
        lastTimestamp: at,
        count: 1,
      },
      { query: MANAGER },
    );
    this.#series.delete(key);
    this.#series.set(key, { name, firstAt: at, count: 1 });
    const oldest = this.#series.keys().next();
    if (this.#series.size > KNOWN_SERIES && oldest.done !== true) this.#series.delete(oldest.value);
  }
}
