/** A request as the proxy has received it: whole, and not forwarded yet. */
export interface SeenRequest {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  /** As the client has sent it; the API server keeps it in its audit log. */
  readonly auditId?: string;
  readonly body: string;
}
