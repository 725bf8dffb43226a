import { Client, Connection, type ConnectionOptions } from '@temporalio/client';
import { temporalError } from './temporal-error.ts';

export interface TemporalConnectionOptions {
  /** `host:port`. */
  readonly address: string;
  readonly namespace: string;
  readonly tls?: ConnectionOptions['tls'];
  readonly apiKey?: string;
  /** Longest time for one call, retries included; default 5 s. */
  readonly deadlineMs?: number;
}

/** gRPC would wait up to two minutes before it dials again; and a half-open link must not outlive the deadline by much. */
const CHANNEL = {
  'grpc.initial_reconnect_backoff_ms': 200,
  'grpc.max_reconnect_backoff_ms': 3_000,
  'grpc.keepalive_permit_without_calls': 1,
  'grpc.keepalive_time_ms': 15_000,
  'grpc.keepalive_timeout_ms': 5_000,
} as const;

/** A client that needs no server to be made: it connects with its first call, and again whenever the link is lost. */
export class TemporalConnection {
  readonly client: Client;
  readonly #connection: Connection;
  readonly #deadlineMs: number;
  readonly #namespace: string;
  readonly #calls = new Set<Promise<unknown>>();
  #reachable: boolean | undefined;

  constructor({ address, namespace, tls, apiKey, deadlineMs = 5_000 }: TemporalConnectionOptions) {
    this.#connection = Connection.lazy({
      address,
      channelArgs: CHANNEL,
      ...(tls === undefined ? {} : { tls }),
      ...(apiKey === undefined ? {} : { apiKey }),
    });
    this.client = new Client({ connection: this.#connection, namespace });
    this.#namespace = namespace;
    this.#deadlineMs = deadlineMs;
  }

  /** Whether the last call was answered, whatever the answer; undefined before the first. */
  get reachable(): boolean | undefined {
    return this.#reachable;
  }

  /** One call within the deadline. Rejects with a StepError. */
  async call<T>(make: (client: Client) => Promise<T>, deadlineMs = this.#deadlineMs): Promise<T> {
    const call = this.client.withDeadline(Date.now() + deadlineMs, () => make(this.client));
    this.#calls.add(call);
    try {
      const result = await call;
      this.#reachable = true;
      return result;
    } catch (error) {
      const failure = temporalError(error);
      this.#reachable = failure.code !== 'Unavailable';
      throw failure;
    } finally {
      this.#calls.delete(call);
    }
  }

  /** Resolves when the namespace can be used. */
  async ping(): Promise<void> {
    await this.call((client) => client.workflowService.describeNamespace({ namespace: this.#namespace }));
  }

  /**
   * Ends the connection when the calls under way have ended. The SDK repeats failed calls from a timer, and to do that on
   * a closed channel is an uncaught exception: so stop whoever uses {@link client} directly before.
   */
  async close(): Promise<void> {
    await Promise.allSettled(this.#calls);
    await this.#connection.close();
  }
}
