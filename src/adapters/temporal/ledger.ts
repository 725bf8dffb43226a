import { WithStartWorkflowOperation, type Client } from '@temporalio/client';
import { LEDGER_WORKFLOW_ID, MESSAGES, TASK_QUEUE, WORKFLOWS } from '../../api/temporal-names.ts';
import type { ReservationAnswer, ReservationRequest } from '../../domain/ledger.ts';
import { StepError } from '../../errors.ts';
import type { LedgerPort } from '../../ports/ledger.ts';

/** As `reserve` of the ledger's workflow takes it. */
type LedgerRequest =
  | { readonly type: 'reserve' | 'admit'; readonly request: ReservationRequest }
  | { readonly type: 'settle'; readonly id: string; readonly hadEffect: boolean };

interface Waiting {
  readonly request: LedgerRequest;
  readonly resolve: (answer: ReservationAnswer) => void;
  readonly reject: (error: unknown) => void;
}

const MAX_BATCH = 100;
const DEADLINE_MS = 10_000;

/**
 * The ledger's only client in this process. Updates of one workflow collapse above ten in flight, so there is one at a
 * time, and it carries everything that has come in meanwhile.
 */
export function createLedger(client: Client): LedgerPort {
  const queue: Waiting[] = [];
  let inFlight = false;

  const ask = (request: LedgerRequest): Promise<ReservationAnswer> =>
    new Promise((resolve, reject) => {
      queue.push({ request, resolve, reject });
      void pump();
    });

  const pump = async (): Promise<void> => {
    if (inFlight) return;
    inFlight = true;
    while (queue.length > 0) {
      const batch = queue.splice(0, MAX_BATCH);
      try {
        const answers = await send(
          client,
          batch.map(({ request }) => request),
        );
        batch.forEach(({ resolve, reject }, index) => {
          const answer = answers[index];
          if (answer === undefined) reject(new StepError('Unavailable', 'the ledger left a request unanswered'));
          else resolve(answer);
        });
      } catch (error) {
        const failure = new StepError(
          'Unavailable',
          `the ledger did not answer: ${error instanceof Error ? error.message : String(error)}`,
          { cause: error },
        );
        for (const { reject } of batch) reject(failure);
      }
    }
    inFlight = false;
  };

  return {
    reserve: (request) => ask({ type: 'reserve', request }),
    admit: (request) => ask({ type: 'admit', request }),
    async settle(id, hadEffect) {
      await ask({ type: 'settle', id, hadEffect });
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

async function send(client: Client, requests: readonly LedgerRequest[]): Promise<readonly ReservationAnswer[]> {
  const startWorkflowOperation = new WithStartWorkflowOperation(WORKFLOWS.ledger, { ...LEDGER, args: [] });
  return client.withDeadline(Date.now() + DEADLINE_MS, () =>
    client.workflow.executeUpdateWithStart<LedgerWorkflow, readonly ReservationAnswer[], [readonly LedgerRequest[]]>(
      MESSAGES.reserve,
      {
        startWorkflowOperation,
        args: [requests],
      },
    ),
  );
}

type LedgerWorkflow = () => Promise<void>;
