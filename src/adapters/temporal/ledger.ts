import { QueryRejectedError, WithStartWorkflowOperation, WorkflowClient, type Client } from '@temporalio/client';
import { WorkflowNotFoundError } from '@temporalio/common';
import { LEDGER_WORKFLOW_ID, MESSAGES, TASK_QUEUE, WORKFLOWS } from '../../api/temporal-names.ts';
import { emptyLedger, admit, type ReservationAnswer, type ReservationRequest } from '../../domain/ledger.ts';
import type { LedgerPort } from '../../ports/ledger.ts';
import { inBatches } from './in-batches.ts';

/** As `reserve` of the ledger's workflow takes it. */
type LedgerRequest =
  | { readonly type: 'reserve'; readonly request: ReservationRequest }
  | { readonly type: 'settle'; readonly id: string; readonly hadEffect: boolean };

const DEADLINE_MS = 10_000;

/** The ledger's only client in this process: updates of one workflow collapse above ten in flight. */
export function createLedger(client: Client): LedgerPort {
  const send = inBatches<LedgerRequest, ReservationAnswer>('the ledger', (requests) =>
    client.withDeadline(Date.now() + DEADLINE_MS, () => update(client, requests)),
  );
  const { connection, options } = client;
  // One that has ended answers otherwise too, from what it knew then.
  const open = new WorkflowClient({ connection, namespace: options.namespace, queryRejectCondition: 'NOT_OPEN' });
  const ask = inBatches<ReservationRequest, ReservationAnswer>('the ledger', (requests) =>
    client.withDeadline(Date.now() + DEADLINE_MS, () => query(open, client, requests)),
  );
  return {
    reserve: (request) => send({ type: 'reserve', request }),
    admit: ask,
    async settle(id, hadEffect) {
      await send({ type: 'settle', id, hadEffect });
    },
  };
}

/** So that the past hour has been read back before the first healing asks. Running already, it stays as it is. */
export async function startLedger(client: Client): Promise<void> {
  await client.workflow.start(WORKFLOWS.ledger, LEDGER);
}

const LEDGER = {
  workflowId: LEDGER_WORKFLOW_ID,
  taskQueue: TASK_QUEUE,
  workflowIdConflictPolicy: 'USE_EXISTING',
  staticSummary: 'rate limits and target locks of all policies',
  args: [],
} as const;

async function update(client: Client, requests: readonly LedgerRequest[]): Promise<readonly ReservationAnswer[]> {
  try {
    return await client.workflow
      .getHandle(LEDGER_WORKFLOW_ID)
      .executeUpdate<readonly ReservationAnswer[], [readonly LedgerRequest[]]>(MESSAGES.reserve, { args: [requests] });
  } catch (error) {
    if (!(error instanceof WorkflowNotFoundError)) throw error;
    return startAndUpdate(client, requests);
  }
}

/** Costs more than to update one that is there. */
function startAndUpdate(client: Client, requests: readonly LedgerRequest[]): Promise<readonly ReservationAnswer[]> {
  const startWorkflowOperation = new WithStartWorkflowOperation(WORKFLOWS.ledger, { ...LEDGER, args: [] });
  return client.workflow.executeUpdateWithStart<
    LedgerWorkflow,
    readonly ReservationAnswer[],
    [readonly LedgerRequest[]]
  >(MESSAGES.reserve, { startWorkflowOperation, args: [requests] });
}

/** Leaves nothing in the ledger's history. Where there is no ledger yet, one is started, and answers as a new one does. */
async function query(
  open: WorkflowClient,
  client: Client,
  requests: readonly ReservationRequest[],
): Promise<readonly ReservationAnswer[]> {
  const now = Date.now();
  try {
    return await open
      .getHandle(LEDGER_WORKFLOW_ID)
      .query<readonly ReservationAnswer[], [readonly ReservationRequest[], number]>(MESSAGES.admit, requests, now);
  } catch (error) {
    if (!(error instanceof WorkflowNotFoundError || error instanceof QueryRejectedError)) throw error;
    await startLedger(client);
    return requests.map((request) => admit(emptyLedger(), request, now));
  }
}

type LedgerWorkflow = () => Promise<void>;
