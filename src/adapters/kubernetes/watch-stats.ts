/** Why the whole set was read again. */
export type FullSyncReason = 'start' | 'expired' | 'regression' | 'unparseable' | 'periodic';
/** Why a stream ended. */
export type DisconnectReason =
  'closed' | 'closed-early' | 'truncated' | 'silent' | 'network' | 'unauthorized' | 'forbidden' | 'throttled' | 'error';

/** Counters since the start of one watch; plain numbers, to be exported as metrics. */
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
  /** Full syncs that had to use paged lists, because the server cannot stream the initial events. */
  readonly listFallbacks: number;
  readonly lastFullSyncMs?: number;
  /** What keeps the watch from following, while something does. */
  readonly problem?: string;
}
