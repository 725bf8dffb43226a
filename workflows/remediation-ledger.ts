import { allHandlersFinished, condition, continueAsNew, setHandler } from '@temporalio/workflow';
import {
  admit,
  emptyLedger,
  expire,
  isReservationRequest,
  nextExpiry,
  rebuild,
  reserve,
  settle,
  type LedgerState,
  type ReservationAnswer,
} from '../src/domain/ledger.ts';
import { certainly } from './activity-options.ts';
import { startLifetime } from './entity.ts';
import { admitQuery, reserveUpdate, type LedgerRequest } from './messages.ts';

const NO_REQUEST: ReservationAnswer = {
  granted: false,
  reason: 'NoneAllowed',
  message: 'this is no request for a reservation',
};

/**
 * The one place where limits and target locks are held, so that a grant is atomic over all of them. Every answer is
 * computed inside the handler, which never waits and never throws: a throwing handler would stall all other callers.
 */
export async function remediationLedgerWorkflow(carried?: LedgerState): Promise<void> {
  let state = carried ?? emptyLedger();
  const lifetime = startLifetime();

  const answer = (message: LedgerRequest): ReservationAnswer => {
    const now = Date.now();
    switch (message.type) {
      case 'reserve': {
        if (!isReservationRequest(message.request)) return NO_REQUEST;
        const reserved = reserve(state, message.request, now);
        state = reserved.state;
        return reserved.answer;
      }
      case 'settle':
        state = settle(state, message.id, message.hadEffect, now);
        return { granted: true };
    }
  };
  // A query does not move the workflow's own clock.
  setHandler(admitQuery, (requests, now) =>
    requests.map((request) => (isReservationRequest(request) ? admit(expire(state, now), request, now) : NO_REQUEST)),
  );
  let changed = false;
  setHandler(reserveUpdate, (messages) => {
    changed = true;
    return messages.map(answer);
  });

  if (!state.rebuilt) {
    const past = await certainly('what was done in the past hour, by the actions themselves?').readPastEffects();
    state = rebuild(state, past, Date.now());
  }
  while (!lifetime.over()) {
    changed = false;
    const expiry = nextExpiry(state);
    await lifetime.wait(() => changed, expiry === undefined ? undefined : expiry - Date.now());
    state = expire(state, Date.now());
  }
  await condition(allHandlersFinished);
  await continueAsNew<typeof remediationLedgerWorkflow>(state);
}
