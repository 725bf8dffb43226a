import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createWorkflowStarter } from '../../src/adapters/temporal/workflow-starter.ts';
import { TemporalConnection } from '../../src/adapters/temporal/connection.ts';
import type { HealingAction } from '../../src/api/healing-action.ts';
import { actionWorkflowId } from '../../src/api/temporal-names.ts';
import { startStack, type Stack } from '../../src/local/stack.ts';
import { eventually } from '../support/eventually.ts';
import { Shop } from '../support/shop.ts';

let stack: Stack;
let shop: Shop;
let temporal: TemporalConnection;
beforeAll(async () => {
  stack = await startStack({ kubelet: { crashBackoffBase: '1s' } });
  shop = await Shop.open(stack, 'terminated');
  temporal = new TemporalConnection(stack.env.temporal);
  await shop.grantRestarts();
}, 120_000);
afterAll(async () => {
  await temporal.close();
  await stack.stop();
});

const reaches = (name: string, reason: string) => shop.reaches(name, reason, 30_000);
/** What somebody does in Temporal's UI. */
const terminate = (action: HealingAction): Promise<unknown> =>
  temporal.client.workflow.getHandle(actionWorkflowId(action.metadata.uid)).terminate('I do not like it');

test('an action whose workflow is terminated comes to its end, by what it has begun', async () => {
  const [verifying, waiting, deleted] = await Promise.all([
    shop.deployAndRestart('verifying'),
    shop.deployAndRestart('waiting', { approvalRequired: true }),
    shop.deployAndRestart('deleted', { approvalRequired: true }),
  ]);
  await Promise.all([
    reaches('verifying', 'Executed'),
    reaches('waiting', 'WaitingForApproval'),
    reaches('deleted', 'WaitingForApproval'),
  ]);
  await Promise.all([verifying, waiting, deleted].map(terminate));
  await shop.kubectl(['delete', 'healingaction', 'deleted', '--timeout=60s']);

  expect((await shop.ended('verifying')).status).toMatchObject({ phase: 'Succeeded', reason: 'Healed' });
  expect(shop.effectsOf(verifying)).toHaveLength(1);
  expect((await shop.ended('waiting')).status).toMatchObject({ phase: 'Cancelled', reason: 'Aborted' });
  expect(shop.effectsOf(waiting)).toHaveLength(0);
  expect(shop.effectsOf(deleted)).toHaveLength(0);
  await eventually(async () => {
    expect((await shop.readAction('verifying')).metadata.finalizers ?? []).toEqual([]);
  });
}, 150_000);

test('a workflow that came to its own end is not begun again, and there is nothing to settle', async () => {
  const action = await shop.deployAndRestart('completed', { dryRun: true });
  await shop.ended('completed');
  const handle = temporal.client.workflow.getHandle(actionWorkflowId(action.metadata.uid));
  await handle.result();
  const { runId } = await handle.describe();
  const summary = { line: '', policy: '', targetNamespace: '', target: '', action: '' };
  const ref = { namespace: shop.namespace, name: 'completed', uid: action.metadata.uid };
  expect(await createWorkflowStarter(temporal).startHealingAction(ref, summary)).toBe('closed');
  expect((await handle.describe()).runId).toBe(runId);

  const { metadata } = await shop.readAction('completed');
  expect(await createWorkflowStarter(temporal).settleHealingAction(ref, summary)).toBe('running');
  expect(await handle.result()).toMatchObject({ reason: 'DryRunCompleted' });
  expect((await handle.describe()).runId).not.toBe(runId);
  expect((await shop.readAction('completed')).metadata.resourceVersion).toBe(metadata.resourceVersion);
}, 60_000);
