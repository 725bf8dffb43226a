import { performCheck, type CheckContext } from './probe-checks.ts';
import { ProbeState, type ProbeKind, type Verdict } from './probe-state.ts';
import type { Probe } from './pod.ts';

/** A process needs a moment before it listens; a real container runtime takes longer than this to start one. */
const FIRST_PROBE_AFTER_MS = 250;

export interface ProberCallbacks {
  /** A threshold was reached. */
  readonly onVerdict: (kind: ProbeKind, verdict: Verdict) => void;
  /** A single check failed. */
  readonly onFailure: (kind: ProbeKind, output: string) => void;
}

/** Probes one running instance of a container until stopped. Readiness and liveness wait for the startup probe. */
export class Prober {
  readonly #context: CheckContext;
  readonly #callbacks: ProberCallbacks;
  readonly #timers = new Set<NodeJS.Timeout>();
  readonly #startedAt = Date.now();
  #started: boolean;
  #stopped = false;

  constructor(context: CheckContext, callbacks: ProberCallbacks) {
    this.#context = context;
    this.#callbacks = callbacks;
    const { startupProbe, readinessProbe, livenessProbe } = context.container;
    this.#started = startupProbe === undefined;
    if (startupProbe !== undefined) this.#begin('startup', startupProbe);
    if (this.#started) this.#beginOthers(readinessProbe, livenessProbe);
  }

  stop(): void {
    this.#stopped = true;
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
  }

  #beginOthers(readiness: Probe | undefined, liveness: Probe | undefined): void {
    if (readiness !== undefined) this.#begin('readiness', readiness);
    if (liveness !== undefined) this.#begin('liveness', liveness);
  }

  #begin(kind: ProbeKind, probe: Probe): void {
    const state = new ProbeState(probe);
    const periodMs = (probe.periodSeconds ?? 10) * 1000;
    const firstAt = this.#startedAt + Math.max((probe.initialDelaySeconds ?? 0) * 1000, FIRST_PROBE_AFTER_MS);
    const run = async (): Promise<void> => {
      const began = Date.now();
      const goesOn = await this.#probe(kind, probe, state);
      if (goesOn) this.#after(Math.max(0, began + periodMs - Date.now()), run);
    };
    this.#after(Math.max(0, firstAt - Date.now()), run);
  }

  /** One check; false when this probe is done. */
  async #probe(kind: ProbeKind, probe: Probe, state: ProbeState): Promise<boolean> {
    const result = await performCheck(probe, this.#context, (probe.timeoutSeconds ?? 1) * 1000);
    if (this.#stopped) return false;
    if (!result.ok) this.#callbacks.onFailure(kind, result.output);
    const verdict = state.observe(result.ok ? 'success' : 'failure');
    if (verdict === undefined) return true;
    if (kind === 'startup' && verdict === 'success' && !this.#started) {
      this.#started = true;
      const { readinessProbe, livenessProbe } = this.#context.container;
      this.#beginOthers(readinessProbe, livenessProbe);
    }
    this.#callbacks.onVerdict(kind, verdict);
    // A failed liveness or startup check ends this instance: the next one gets its own prober.
    return kind === 'readiness' || (kind === 'liveness' && verdict === 'success');
  }

  #after(ms: number, run: () => Promise<void>): void {
    if (this.#stopped) return;
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      void run();
    }, ms);
    this.#timers.add(timer);
  }
}
