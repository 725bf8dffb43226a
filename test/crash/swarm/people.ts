import { setTimeout as sleep } from 'node:timers/promises';
import { actionWorkflowId, MESSAGES } from '../../../src/api/temporal-names.ts';
import type { HealingAction } from '../../../src/api/healing-action.ts';
import type { KubeClient } from '../../../src/adapters/kubernetes/kube-client.ts';
import { isKubeError } from '../../../src/adapters/kubernetes/kube-error.ts';
import { resources } from '../../../src/adapters/kubernetes/resource.ts';
import type { TemporalConnection } from '../../../src/adapters/temporal/connection.ts';
import type { Order, Person } from './orders.ts';

/** Who thinks better of it does so within this time. */
const ANY_MOMENT_MS = 30_000;

export interface PeopleOptions {
  readonly admin: KubeClient;
  readonly temporal: TemporalConnection;
  readonly namespace: string;
  readonly random: () => number;
  /** As it was last seen. */
  readonly seen: (name: string) => HealingAction | undefined;
}

/** Those who are asked about actions, and answer by a signal; and those who delete them. */
export class People {
  readonly #options: PeopleOptions;
  readonly #answered = new Map<string, string>();
  readonly #deleted = new Set<string>();

  constructor(options: PeopleOptions) {
    this.#options = options;
  }

  hasDeleted(name: string): boolean {
    return this.#deleted.has(name);
  }

  /** Whoever wants to delete it without being asked does so in a while. */
  async regret(order: Order): Promise<void> {
    if (order.person !== 'deletes at any moment') return;
    await sleep(this.#options.random() * ANY_MOMENT_MS);
    await this.#delete(order.name);
  }

  /** Answers what is asked now; what is asked anew, or could not be answered, is answered the next time. */
  async attend(orders: readonly Order[]): Promise<void> {
    await Promise.allSettled(
      orders.map(async ({ name, person }) => {
        const { metadata, status } = this.#options.seen(name) ?? {};
        const { planDigest } = status ?? {};
        const asked = status?.conditions?.some(({ reason }) => reason === 'WaitingForApproval') === true;
        if (person === undefined || metadata === undefined || !asked || planDigest === undefined) return;
        if (this.#answered.get(name) === planDigest) return;
        await this.#answer(name, metadata.uid, person, planDigest);
        this.#answered.set(name, planDigest); // not before: what did not arrive is said again
      }),
    );
  }

  #answer(name: string, uid: string, person: Person, planDigest: string): Promise<void> {
    switch (person) {
      case 'approves':
        return this.#signal(uid, MESSAGES.approve, planDigest);
      case 'rejects':
        return this.#signal(uid, MESSAGES.reject, planDigest);
      case 'deletes when asked':
        return this.#delete(name);
      case 'deletes at any moment':
        return Promise.resolve();
    }
  }

  #signal(uid: string, name: string, planDigest: string): Promise<void> {
    return this.#options.temporal.call((client) =>
      client.workflow.getHandle(actionWorkflowId(uid)).signal(name, { by: 'somebody', planDigest }),
    );
  }

  async #delete(name: string): Promise<void> {
    this.#deleted.add(name);
    const { admin, namespace } = this.#options;
    await admin.delete(resources.healingActions, { namespace, name }, {}).catch((error: unknown) => {
      if (!isKubeError(error, 'NotFound')) throw error;
    });
  }
}
