import {
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
} from '@temporalio/client';
import { messageOf } from '../adapters/kubernetes/kube-error.ts';
import { TemporalConnection } from '../adapters/temporal/connection.ts';
import { actionWorkflowId, MESSAGES } from '../api/temporal-names.ts';
import { findCondition } from '../domain/condition.ts';
import { isTerminal } from '../domain/outcome.ts';
import type { OperatorCommand } from '../domain/steps.ts';
import { openCluster } from './cluster.ts';
import type { ClusterOptions, TemporalOptions } from './commands/cluster-options.ts';
import { CommandFailure, EXIT } from './exit.ts';
import { print } from './output/print.ts';
import { settingsFor } from './settings.ts';

const DEADLINE_MS = 10_000;

/** `kubeskippy operate NAME COMMAND`: an order to a healing whose tries are used up, and its answer. */
export async function operate(
  name: string,
  command: OperatorCommand,
  options: ClusterOptions & TemporalOptions,
): Promise<void> {
  const cluster = openCluster(options);
  const { metadata, status } = await cluster.read(cluster.named(name));
  const full = `HealingAction ${metadata.namespace ?? ''}/${metadata.name}`;
  const succeeded = findCondition(status?.conditions, 'Succeeded');
  if (isTerminal(status?.conditions))
    throw new CommandFailure(
      EXIT.failed,
      `${full} takes no order: it has ended (${succeeded?.reason ?? ''}). \`retry\` tries the same again, as a new action`,
    );
  const answer = await order(actionWorkflowId(metadata.uid), command, full, settingsFor(options).temporal);
  print(`${full}: ${answer}`);
}

async function order(
  workflowId: string,
  command: OperatorCommand,
  full: string,
  { address, namespace }: { readonly address: string; readonly namespace: string },
): Promise<string> {
  const connection = new TemporalConnection({ address, namespace });
  const { client } = connection;
  const unreachable = (error: unknown): CommandFailure =>
    new CommandFailure(
      EXIT.unreachable,
      `Temporal at ${address} (namespace ${namespace}) does not answer: ${messageOf(error)}. ` +
        'Choose another with --temporal-address, or KUBESKIPPY_TEMPORAL_ADDRESS',
      { cause: error },
    );
  try {
    await connection.ping().catch((error: unknown) => {
      throw unreachable(error);
    });
    return await client.withDeadline(Date.now() + DEADLINE_MS, () =>
      client.workflow
        .getHandle(workflowId)
        .executeUpdate<string, [OperatorCommand]>(MESSAGES.operate, { args: [command] }),
    );
  } catch (error) {
    if (error instanceof CommandFailure) throw error;
    if (error instanceof WorkflowUpdateFailedError)
      throw new CommandFailure(EXIT.failed, `${full} refuses ${command}: ${error.cause?.message ?? error.message}`, {
        cause: error,
      });
    if (error instanceof WorkflowNotFoundError)
      throw new CommandFailure(
        EXIT.failed,
        `${full} has no running workflow ${workflowId} in Temporal at ${address}, namespace ${namespace}: it has ended, or this is another Temporal than the healer's`,
        { cause: error },
      );
    if (error instanceof WorkflowUpdateRPCTimeoutOrCancelledError)
      throw new CommandFailure(
        EXIT.timedOut,
        `${full} has not answered within ${DEADLINE_MS / 1000} s: does a worker run? Whether the order was taken shows \`explain\``,
        { cause: error },
      );
    throw unreachable(error);
  } finally {
    await connection.close();
  }
}
