/** Why the whole set was read again. */
export type FullSyncReason = 'start' | 'expired' | 'regression' | 'unparseable' | 'error' | 'periodic';
/** Why a stream ended. */
export type DisconnectReason =
  'closed' | 'closed-early' | 'truncated' | 'silent' | 'network' | 'unauthorized' | 'forbidden' | 'throttled' | 'error';

/** The state of one watch and its counters since its start; plain numbers, to be exported as metrics. */
export interface WatchStats {
  readonly synced: boolean;
  readonly objects: number;
  readonly silentForMs: number;
  /** Names with changes that are not handed over yet. */
  readonly queueDepth: number;
  readonly events: number;
  readonly bookmarks: number;
  /** Events that told of an older state than the known one. */
  readonly staleEvents: number;
  readonly unparseableLines: number;
  readonly projectionFailures: number;
  readonly deliveryFailures: number;
  readonly fullSyncs: Readonly<Partial<Record<FullSyncReason, number>>>;
  readonly disconnects: Readonly<Partial<Record<DisconnectReason, number>>>;
  /** Full syncs that had to use paged lists, because the server could not stream the initial events. */
  readonly listFallbacks: number;
  readonly lastFullSyncMs?: number;
  /** What keeps the watch from following, while something does. */
  readonly problem?: string;
}

type Count =
  | 'events'
  | 'bookmarks'
  | 'staleEvents'
  | 'unparseableLines'
  | 'projectionFailures'
  | 'deliveryFailures'
  | 'listFallbacks';

export class WatchCounters {
  readonly #counts: Record<Count, number> = {
    events: 0,
    bookmarks: 0,
    staleEvents: 0,
    unparseableLines: 0,
    projectionFailures: 0,
    deliveryFailures: 0,
    listFallbacks: 0,
  };
  readonly #fullSyncs: Partial<Record<FullSyncReason, number>> = {};
  readonly #disconnects: Partial<Record<DisconnectReason, number>> = {};

  count(what: Count): void {
    this.#counts[what] += 1;
  }

  countFullSync(reason: FullSyncReason): void {
    this.#fullSyncs[reason] = (this.#fullSyncs[reason] ?? 0) + 1;
  }

  countDisconnect(reason: DisconnectReason): void {
    this.#disconnects[reason] = (this.#disconnects[reason] ?? 0) + 1;
  }

  snapshot(): Pick<WatchStats, Count | 'fullSyncs' | 'disconnects'> {
    return { ...this.#counts, fullSyncs: { ...this.#fullSyncs }, disconnects: { ...this.#disconnects } };
  }
}
