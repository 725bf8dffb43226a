import { globSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { startStack, type Stack } from '../../src/local/stack.ts';
import { Shop } from '../support/shop.ts';

let stack: Stack;
let shop: Shop;
beforeAll(async () => {
  stack = await startStack({ kubelet: { crashBackoffBase: '1s' } });
  shop = await Shop.open(stack, 'lost');
  await shop.grantRestarts();
}, 120_000);
afterAll(async () => {
  await stack.stop();
});

const reaches = (name: string, reason: string) => shop.reaches(name, reason, 30_000);

/** All that Temporal knows is gone, at once. */
const wipeTemporal = async (): Promise<void> => {
  const { supervisor, directory } = stack.env;
  const { spec } = supervisor.get('temporal');
  supervisor.kill('temporal', 'SIGSTOP'); // nothing is finished in an orderly way
  await supervisor.stop('temporal');
  const files = globSync('**/temporal.db*', { cwd: directory });
  expect(files).not.toEqual([]);
  for (const file of files) rmSync(join(directory, file));
  await supervisor.start(spec);
};

test('a Temporal that has lost everything makes nothing happen twice, and nothing get lost', async () => {
  const ended = await shop.deployAndRestart('ended');
  const { status: before } = await shop.ended('ended');
  const [verifying, waiting] = await Promise.all([
    shop.deployAndRestart('verifying'),
    shop.deployAndRestart('waiting', { approvalRequired: true }),
  ]);
  await Promise.all([reaches('verifying', 'Executed'), reaches('waiting', 'WaitingForApproval')]);
  const planned = await shop.readAction('waiting');

  await wipeTemporal();

  expect((await shop.ended('verifying')).status).toMatchObject({ reason: 'Healed' });
  expect(shop.effectsOf(verifying)).toHaveLength(1);

  await shop.approve(planned);
  const { status } = await shop.ended('waiting');
  expect(status).toMatchObject({ reason: 'Healed', planDigest: planned.status?.planDigest });
  expect(shop.effectsOf(waiting)).toHaveLength(1);

  expect((await shop.readAction('ended')).status).toEqual(before);
  expect(shop.effectsOf(ended)).toHaveLength(1);
});
