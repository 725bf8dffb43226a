import type { ReservationAnswer, ReservationRequest } from '../domain/ledger.ts';

/** Limits and locks, kept where crashes do not reach them. */
export interface LedgerPort {
  reserve(request: ReservationRequest): Promise<ReservationAnswer>;
  /** Would it be granted now? Not binding. */
  admit(request: ReservationRequest): Promise<ReservationAnswer>;
  /** Safe to repeat. */
  settle(id: string, hadEffect: boolean): Promise<void>;
}
