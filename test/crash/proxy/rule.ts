import type { Fault, LineFate } from './faults.ts';
import type { SeenRequest } from './seen-request.ts';

export interface Match {
  readonly method?: string;
  /** Of path and query. */
  readonly path?: RegExp;
  readonly auditId?: RegExp;
  /** What else must be so. */
  readonly when?: (request: SeenRequest) => boolean;
  /** Only the n-th request that matches, from 1. Default: all of them. */
  readonly nth?: number;
}

/** One fault, where it strikes, and how often it has struck: a rule that never did proves nothing. */
export class Rule {
  readonly fault: Fault;
  readonly #match: Match;
  #seen = 0;
  #fired = 0;

  constructor(match: Match, fault: Fault) {
    this.#match = match;
    this.fault = fault;
  }

  get fired(): number {
    return this.#fired;
  }

  /** Whether it strikes this request; asked once for each request. */
  strikes(request: SeenRequest): boolean {
    const { method, path, auditId, when, nth } = this.#match;
    if (method !== undefined && method !== request.method) return false;
    if (path?.test(request.path) === false) return false;
    if (auditId?.test(request.auditId ?? '') === false) return false;
    if (when?.(request) === false) return false;
    this.#seen += 1;
    if (nth !== undefined && nth !== this.#seen) return false;
    // A stream is struck when one of its lines is.
    if (this.fault.line === undefined) this.#fired += 1;
    return true;
  }

  /** What becomes of this line of a watch. */
  fateOf(line: string): LineFate {
    const fate = this.fault.line?.(line) ?? 'pass';
    if (fate !== 'pass') this.#fired += 1;
    return fate;
  }
}
