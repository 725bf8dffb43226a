import { Connection } from '@temporalio/client';
import { SEARCH_ATTRIBUTES } from '../../src/api/temporal-names.ts';
import { eventually } from '../support/eventually.ts';

/** As Temporal numbers them. */
const TYPES = { KEYWORD: 2, BOOL: 5 } as const;
const RETENTION_S = 86_400;
const KNOWN_WITHIN_MS = 60_000;

/** A namespace in Temporal has its own task queues, ledger and histories: lanes then know nothing of each other. */
export async function createTemporalNamespace(address: string, namespace: string): Promise<void> {
  const connection = await Connection.connect({ address });
  try {
    await connection.workflowService.registerNamespace({
      namespace,
      workflowExecutionRetentionPeriod: { seconds: RETENTION_S as never },
    });
    const searchAttributes = Object.fromEntries(
      Object.values(SEARCH_ATTRIBUTES).map(({ name, type }) => [name, TYPES[type]]),
    );
    // The server's own caches learn of a new namespace within seconds.
    await eventually(
      async () => {
        const known = await connection.operatorService.listSearchAttributes({ namespace });
        const missing = Object.keys(searchAttributes).filter((name) => known.customAttributes[name] === undefined);
        if (missing.length === 0) return;
        await connection.operatorService.addSearchAttributes({ namespace, searchAttributes });
        throw new Error(`Temporal namespace ${namespace} lacks ${missing.join(', ')}`);
      },
      KNOWN_WITHIN_MS,
      200,
    );
  } finally {
    await connection.close();
  }
}
