import { setTimeout as delay } from 'node:timers/promises';
import { createIdentity, probe } from '../adapters/kubernetes/identity.ts';
import type { KubeClient } from '../adapters/kubernetes/kube-client.ts';
import { messageOf } from '../adapters/kubernetes/kube-error.ts';
import { resources } from '../adapters/kubernetes/resource.ts';
import type { HealingAction } from '../api/healing-action.ts';

const TIMEOUT_MS = 30_000;
const POLL_MS = 50;
const NAMESPACE = 'default';

/**
 * Resolves when the admission policies of deploy/admission are in force. The API server takes up new ones within about a
 * second, and looks for the schemas that they apply to only every five: until then it answers 503 to who creates a
 * HealingAction. Rejects after 30 s, with what is missing.
 */
export async function admissionInForce(client: KubeClient): Promise<void> {
  const deadline = Date.now() + TIMEOUT_MS;
  for (;;) {
    const missing = await whatIsMissing(client).catch(messageOf);
    if (missing === undefined) return;
    if (Date.now() > deadline)
      throw new Error(`the admission policies are not in force after ${TIMEOUT_MS / 1000} s: ${missing}`);
    await delay(POLL_MS);
  }
}

async function whatIsMissing(client: KubeClient): Promise<string | undefined> {
  if (!(await createIdentity(client).vouched(NAMESPACE))) return 'a forged HealingAction was accepted';
  const at = { namespace: NAMESPACE };
  const { spec } = await client.create<HealingAction>(resources.healingActions, at, probe(NAMESPACE), { dryRun: true });
  return spec.requestedBy === undefined ? 'it was not written down who asks for a HealingAction' : undefined;
}
