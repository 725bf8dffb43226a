/** What a command's exit code says; documented in docs/operating.md. */
export const EXIT = {
  ok: 0,
  /** It was refused, or did not work out; the message says why. */
  failed: 1,
  /** The command line was wrong, or a question could not be asked. */
  usage: 2,
  /** No answer from the API server or from Temporal. */
  unreachable: 3,
  /** No such HealingAction, or no such kind: KubeSkippy is not installed. */
  notFound: 4,
  /** It was ordered, but did not come about in time. */
  timedOut: 5,
} as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** Ends a command with one message for people and an exit code for scripts. */
export class CommandFailure extends Error {
  override readonly name = 'CommandFailure';
  readonly exitCode: ExitCode;

  constructor(exitCode: ExitCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.exitCode = exitCode;
  }
}
