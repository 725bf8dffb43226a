import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { FINALIZER } from '../../src/api/constants.ts';
import type { HealingAction } from '../../src/api/healing-action.ts';
import type { Job } from '../../src/api/workloads.ts';
import { startStack, type Stack } from '../../src/local/stack.ts';
import { eventually } from '../support/eventually.ts';
import { Shop } from '../support/shop.ts';

const fix = (podTemplateName: string) =>
  ({ name: podTemplateName, type: 'custom', customAction: { podTemplateName }, requiresApproval: false }) as const;

let stack: Stack;
let shop: Shop;
beforeAll(async () => {
  stack = await startStack({ kubelet: { crashBackoffBase: '1s' } });
  shop = await Shop.open(stack, 'custom');
  await Promise.all([
    shop.podTemplate('works'),
    shop.podTemplate('works-long', { seconds: 6 }),
    shop.podTemplate('fails', { exitCode: 3 }),
    shop.policy('grants', {
      mode: 'automatic',
      triggers: [],
      actions: [fix('works'), fix('works-long'), fix('fails')],
      safetyRules: { maxActionsPerHour: 100 },
      verification: { stabilizationWindow: '2s', timeout: '60s' },
    }),
  ]);
}, 120_000);
afterAll(async () => {
  await stack.stop();
});

/** The only Job of an action, by the API server's own log made by one request. */
async function onlyJobOf(action: HealingAction): Promise<Job> {
  const [job, ...others] = await shop.jobsOf(action);
  if (job === undefined || others.length > 0) throw new Error(`there are ${job === undefined ? 'no' : 'several'} Jobs`);
  expect(
    shop.effectsOf(action).map(({ verb, objectRef }) => [verb, objectRef?.resource, objectRef?.namespace]),
  ).toEqual([['create', 'jobs', shop.namespace]]);
  return job;
}
const finished = ({ status }: Job): (string | undefined)[] =>
  (status?.conditions ?? []).filter(({ status: is }) => is === 'True').map(({ type }) => type);

test('a Job that ends well, and leaves its target well, has healed it', async () => {
  const action = await shop.deployAndRestart('web', { action: fix('works') });
  const { status } = await shop.ended('web');
  expect(status).toMatchObject({
    phase: 'Succeeded',
    reason: 'Healed',
    attempts: 1,
    evidence: {
      after: expect.arrayContaining([
        expect.objectContaining({ subject: 'Deployment custom/web', verdict: 'healthy' }),
      ]),
    },
  });
  const job = await onlyJobOf(action);
  expect(finished(job)).toContain('Complete');
  expect(status?.result?.changes).toMatchObject([
    { changeType: 'create', resourceRef: `Job/custom/${job.metadata.name}`, field: 'Job', newValue: job.metadata.name },
  ]);
  expect(job.spec.template.spec.containers[0]?.env).toEqual(
    expect.arrayContaining([
      { name: 'KUBESKIPPY_ACTION', value: 'web' },
      { name: 'KUBESKIPPY_TARGET_NAME', value: 'web' },
    ]),
  );
  // Its logs can be read for a day.
  await eventually(async () => {
    const { metadata, spec } = await onlyJobOf(action);
    expect(metadata.finalizers ?? []).not.toContain(FINALIZER);
    expect(spec).toMatchObject({ ttlSecondsAfterFinished: 86_400 });
  }, 10_000);
  expect(await shop.kubectl(['logs', `job/${job.metadata.name}`])).toContain('job: ending with 0');
}, 120_000);

test('a Job that fails has not healed, and the status says why', async () => {
  const action = await shop.deployAndRestart('cart', { action: fix('fails') });
  const { status } = await shop.ended('cart');
  expect(status).toMatchObject({ phase: 'Failed', reason: 'NotHealed' });
  const job = await onlyJobOf(action);
  expect(finished(job)).toContain('Failed');
  expect(status?.result?.message).toMatch(
    new RegExp(`Job ${job.metadata.name} failed: BackoffLimitExceeded: .*; container program ended with 3`),
  );
}, 120_000);

test('a worker that is killed between the making of a Job and its end makes no other', async () => {
  const action = await shop.deployAndRestart('orders', { action: fix('works-long') });
  await eventually(
    async () => {
      expect(await shop.jobsOf(action)).toHaveLength(1);
    },
    30_000,
    2,
  );
  stack.env.supervisor.kill('worker', 'SIGKILL'); // it is started again
  expect(finished(await onlyJobOf(action))).toEqual([]);
  const { status } = await shop.ended('orders');
  expect(status).toMatchObject({ phase: 'Succeeded', reason: 'Healed' });
  expect(finished(await onlyJobOf(action))).toContain('Complete');
}, 120_000);

test('the Job of a deleted action goes with it', async () => {
  const action = await shop.deployAndRestart('stock', { action: fix('works') });
  await shop.reaches('stock', 'Executed');
  await shop.kubectl(['delete', 'healingaction', 'stock', '--timeout=60s']); // seen to the end first
  await eventually(
    async () => {
      expect(await shop.jobsOf(action)).toEqual([]);
    },
    30_000,
    100,
  );
  expect(shop.effectsOf(action)).toHaveLength(1);
}, 120_000);
