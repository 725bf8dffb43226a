import type { KubeClient } from '../../adapters/kubernetes/kube-client.ts';
import type { Logger } from '../../telemetry/logger.ts';
import type { Reaper } from '../supervisor/reaper.ts';
import type { Backoff } from './backoff.ts';
import type { ConfigSource } from './environment.ts';
import type { EventRecorder } from './event-recorder.ts';
import type { MemoryGuard } from './memory-guard.ts';
import type { PodNetwork } from './pod-network.ts';
import type { ProgramCatalogue } from './programs.ts';

/** What all pods of this node share. */
export interface NodeContext {
  readonly nodeName: string;
  /** The node's own address as pods and the API server see it. */
  readonly hostIP: string;
  readonly podsRoot: string;
  readonly capacity: { readonly cpu: number; readonly memoryBytes: number };
  readonly client: KubeClient;
  readonly logger: Logger;
  readonly events: EventRecorder;
  readonly config: ConfigSource;
  readonly network: PodNetwork;
  readonly programs: ProgramCatalogue;
  readonly reaper: Reaper;
  readonly memoryGuard: MemoryGuard;
  readonly restartBackoff: Backoff;
  readonly imageBackoff: Backoff;
  /** Images that were pulled since the node started. */
  readonly pulledImages: Set<string>;
  /** Why the last pull failed, by pod uid and image. */
  readonly pullErrors: Map<string, string>;
  /** Base of both back-offs; retries that are not bound to one wait about as long. */
  readonly backoffBaseMs: number;
}
