import type { KubeClient } from './kube-client.ts';
import { isOlder } from './resource-version.ts';

export interface VersionCheckOptions {
  readonly client: KubeClient;
  readonly path: string;
  readonly query: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
  readonly everyMs: number;
  /** Also at once: the server may be another one than before the connection broke. */
  readonly now: boolean;
  readonly ours: () => string | undefined;
  readonly onBack: (theirs: string, ours: string) => void;
  /** After each check that found nothing, also after one that failed. */
  readonly onChecked: () => void;
}

/**
 * A server that was restored from a backup accepts a watch from a version that it has not reached and then says nothing,
 * perhaps for days. A list without a version is a consistent read and tells where the server really is.
 */
export class VersionCheck {
  readonly #options: VersionCheckOptions;
  readonly #timer: NodeJS.Timeout;

  constructor(options: VersionCheckOptions) {
    this.#options = options;
    this.#timer = setInterval(() => void this.#check(), options.everyMs);
    if (options.now) void this.#check();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  async #check(): Promise<void> {
    const { client, path, query, signal, ours, onBack, onChecked } = this.#options;
    const before = ours(); // read first: ours may pass theirs while the answer is under way
    try {
      const { metadata } = await client.request<{ readonly metadata?: { readonly resourceVersion?: string } }>(
        'GET',
        path,
        {
          query: { limit: 1, ...query },
          signal,
        },
      );
      const theirs = metadata?.resourceVersion;
      if (signal.aborted) return;
      if (before !== undefined && theirs !== undefined && isOlder(theirs, before)) onBack(theirs, before);
      else onChecked();
    } catch {
      if (!signal.aborted) onChecked(); // whatever this means for the watch, its own stream tells
    }
  }
}
