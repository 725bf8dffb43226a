/** What a measurement says now. Nothing but one plain number is a value. */
export type Reading =
  | { readonly state: 'value'; readonly value: number }
  /** No answer, or one that proves nothing: none or several series, NaN, a partial result, … */
  | { readonly state: 'unknown'; readonly why: string }
  /** The expression itself is wrong, and will be the next time. */
  | { readonly state: 'invalid'; readonly message: string };

/** Where measurements come from. */
export interface Metrics {
  /** False: there is no such place, and every reading is unknown. */
  readonly configured: boolean;
  /** How old a sample may be to count as the present value, in milliseconds. */
  readonly lookbackMs: number;
  /** One PromQL expression, evaluated at the source's own present. Never rejects. */
  read(query: string): Promise<Reading>;
}
