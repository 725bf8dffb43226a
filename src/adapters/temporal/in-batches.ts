import { StepError } from '../../errors.ts';

const MAX_BATCH = 100;

interface Waiting<Request, Answer> {
  readonly request: Request;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: unknown) => void;
}

/** One call at a time, which carries everything that has come in meanwhile; `whom` answers each request in its place. */
export function inBatches<Request, Answer>(
  whom: string,
  send: (requests: readonly Request[]) => Promise<readonly Answer[]>,
): (request: Request) => Promise<Answer> {
  const queue: Waiting<Request, Answer>[] = [];
  let inFlight = false;

  const pump = async (): Promise<void> => {
    if (inFlight) return;
    inFlight = true;
    while (queue.length > 0) {
      const batch = queue.splice(0, MAX_BATCH);
      try {
        const answers = await send(batch.map(({ request }) => request));
        batch.forEach(({ resolve, reject }, index) => {
          const answer = answers[index];
          if (answer === undefined) reject(new StepError('Unavailable', `${whom} left a request unanswered`));
          else resolve(answer);
        });
      } catch (error) {
        const failure = new StepError(
          'Unavailable',
          `${whom} did not answer: ${error instanceof Error ? error.message : String(error)}`,
          { cause: error },
        );
        for (const { reject } of batch) reject(failure);
      }
    }
    inFlight = false;
  };

  return (request) =>
    new Promise((resolve, reject) => {
      queue.push({ request, resolve, reject });
      void pump();
    });
}
