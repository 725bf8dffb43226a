import { processUsage } from './process-usage.ts';
import type { Kubelet } from './kubelet.ts';

const SAMPLE_EVERY_MS = 2000;
/** Long enough for a stable rate, short enough to follow a change. */
const WINDOW_MS = 10_000;

interface Sample {
  readonly at: number;
  readonly cpuSeconds: number;
  readonly rssBytes: number;
}

/** Use of one running container. */
export interface ContainerUsage {
  readonly namespace: string;
  readonly pod: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly container: string;
  readonly memoryBytes: number;
  readonly cpuSeconds: number;
  /** CPU cores used on average over `windowMs`. */
  readonly cpuCores: number;
  readonly windowMs: number;
  readonly at: number;
}

/** Samples all running containers, so that a CPU rate is known whenever it is asked for. */
export class UsageHistory {
  readonly #kubelet: Kubelet;
  readonly #samples = new Map<string, Sample[]>();
  readonly #timer: NodeJS.Timeout;

  constructor(kubelet: Kubelet) {
    this.#kubelet = kubelet;
    this.#timer = setInterval(() => {
      this.current();
    }, SAMPLE_EVERY_MS).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** Measures now. A container is listed from its second sample on, since before there is no rate. */
  current(): readonly ContainerUsage[] {
    const now = Date.now();
    const alive = new Set<string>();
    const usages: ContainerUsage[] = [];
    for (const { pod, running } of this.#kubelet.workers())
      for (const [container, { process }] of running) {
        const key = `${process.identity.pid}/${process.identity.startedAt}`;
        alive.add(key);
        const sample: Sample = { at: now, ...processUsage(process.identity.pid) };
        const samples = [...(this.#samples.get(key) ?? []).filter(({ at }) => now - at <= WINDOW_MS), sample];
        this.#samples.set(key, samples);
        const first = samples[0] ?? sample;
        if (first === sample) continue;
        usages.push({
          namespace: pod.metadata.namespace ?? '',
          pod: pod.metadata.name,
          labels: pod.metadata.labels ?? {},
          container,
          memoryBytes: sample.rssBytes,
          cpuSeconds: sample.cpuSeconds,
          cpuCores: now > first.at ? Math.max(0, sample.cpuSeconds - first.cpuSeconds) / ((now - first.at) / 1000) : 0,
          windowMs: now - first.at,
          at: now,
        });
      }
    for (const key of this.#samples.keys()) if (!alive.has(key)) this.#samples.delete(key);
    return usages;
  }
}
