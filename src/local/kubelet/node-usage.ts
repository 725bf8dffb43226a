import { cpus, freemem, totalmem } from 'node:os';
import type { NodeUsageSource } from './metrics-api.ts';

const WINDOW_MS = 10_000;

/** Use of the whole machine, which is what this node runs on. */
export class NodeUsage implements NodeUsageSource {
  readonly name: string;
  #before = busySeconds();
  #cores = 0;
  readonly #timer: NodeJS.Timeout;

  constructor(name: string) {
    this.name = name;
    this.#timer = setInterval(() => {
      this.#sample();
    }, WINDOW_MS).unref();
  }

  usage(): { readonly cpuCores: number; readonly memoryBytes: number } {
    if (this.#cores === 0) this.#sample();
    return { cpuCores: this.#cores, memoryBytes: totalmem() - freemem() };
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #sample(): void {
    const now = busySeconds();
    const elapsed = (now.at - this.#before.at) / 1000;
    if (elapsed <= 0.1) return;
    this.#cores = Math.max(0, now.seconds - this.#before.seconds) / elapsed;
    this.#before = now;
  }
}

function busySeconds(): { readonly at: number; readonly seconds: number } {
  const seconds = cpus().reduce((sum, { times }) => sum + (times.user + times.sys + times.irq + times.nice) / 1000, 0);
  return { at: Date.now(), seconds };
}
