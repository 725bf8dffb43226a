/** What whoever runs KubeSkippy has to know and no object can tell. */
export interface Log {
  warn(facts: Readonly<Record<string, unknown>>, message: string): void;
}
