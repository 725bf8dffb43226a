/** One restart of a Deployment and the names of what is there for it; all in one namespace. */
export interface BareInput {
  readonly namespace: string;
  readonly action: string;
  readonly policy: string;
  readonly deployment: string;
  readonly windowMs: number;
}
