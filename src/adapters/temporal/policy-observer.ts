import { WithStartWorkflowOperation, type Client } from '@temporalio/client';
import { defineSearchAttributeKey, TypedSearchAttributes, WorkflowNotFoundError } from '@temporalio/common';
import { MESSAGES, policyWorkflowId, SEARCH_ATTRIBUTES, TASK_QUEUE, WORKFLOWS } from '../../api/temporal-names.ts';
import type { Observation, ObservationReply } from '../../domain/firing.ts';
import type { ObjectRef } from '../../domain/target-ref.ts';
import type { PolicyObserverPort } from '../../ports/policy-observer.ts';
import { runningUids } from './running-workflows.ts';

/** The handler only edits state: longer means that no worker is there, or no Temporal. */
const DEADLINE_MS = 10_000;
const POLICY = defineSearchAttributeKey(SEARCH_ATTRIBUTES.policy.name, SEARCH_ATTRIBUTES.policy.type);
/** Temporal's longest Keyword; a namespace and a name can have 317 characters. */
const KEYWORD_LIMIT = 255;

export interface TemporalPolicyObserverOptions {
  readonly client: Client;
  /** Default: {@link TASK_QUEUE}. */
  readonly taskQueue?: string;
  /** Milliseconds within which a message must be acknowledged; default 10 s. */
  readonly deadlineMs?: number;
}

/** One long-lived workflow per policy, by the policy's uid: several detectors that tell it the same do no harm. */
export class TemporalPolicyObserver implements PolicyObserverPort {
  readonly #client: Client;
  readonly #taskQueue: string;
  readonly #deadlineMs: number;

  constructor({ client, taskQueue = TASK_QUEUE, deadlineMs = DEADLINE_MS }: TemporalPolicyObserverOptions) {
    this.#client = client;
    this.#taskQueue = taskQueue;
    this.#deadlineMs = deadlineMs;
  }

  async observe(observation: Observation): Promise<ObservationReply> {
    const { policy } = observation;
    const name = `${policy.namespace}/${policy.name}`;
    const startWorkflowOperation = new WithStartWorkflowOperation(WORKFLOWS.policy, {
      workflowId: policyWorkflowId(policy.uid),
      workflowIdConflictPolicy: 'USE_EXISTING',
      taskQueue: this.#taskQueue,
      args: [{ policy }],
      staticSummary: `HealingPolicy ${name}`,
      typedSearchAttributes: new TypedSearchAttributes([{ key: POLICY, value: name.slice(0, KEYWORD_LIMIT) }]),
    });
    return this.#inTime(() =>
      this.#client.workflow.executeUpdateWithStart<PolicyWorkflow, ObservationReply, [Observation]>(MESSAGES.observe, {
        args: [observation],
        startWorkflowOperation,
      }),
    );
  }

  running(forMs: number): Promise<readonly string[]> {
    return this.#inTime(() => runningUids(this.#client, WORKFLOWS.policy, policyWorkflowId(''), forMs));
  }

  async policyDeleted(policy: Pick<ObjectRef, 'uid'>): Promise<void> {
    const handle = this.#client.workflow.getHandle(policyWorkflowId(policy.uid));
    try {
      await this.#inTime(() => handle.signal(MESSAGES.policyDeleted));
    } catch (error) {
      if (!(error instanceof WorkflowNotFoundError)) throw error; // it ended already, or never began
    }
  }

  #inTime<T>(call: () => Promise<T>): Promise<T> {
    return this.#client.withDeadline(Date.now() + this.#deadlineMs, call);
  }
}

type PolicyWorkflow = (input: { readonly policy: ObjectRef }) => Promise<void>;
