/** A part of KubeSkippy that runs until it is stopped or breaks. */
export interface RunningProcess {
  /** Settles when it has ended; rejects when it broke. */
  readonly ended: Promise<void>;
  /** Ends it in order: nothing new is begun, what is under way is finished. */
  stop(): Promise<void>;
}
