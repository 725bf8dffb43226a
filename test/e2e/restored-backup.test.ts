import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { startStack, type Stack } from '../../src/local/stack.ts';
import { eventually } from '../support/eventually.ts';
import { Shop } from '../support/shop.ts';

let stack: Stack;
let shop: Shop;
beforeAll(async () => {
  stack = await startStack({ kubelet: { crashBackoffBase: '1s' } });
  shop = await Shop.open(stack, 'restored');
  await shop.grantRestarts();
}, 120_000);
afterAll(async () => {
  await stack.stop();
});

/** What is done to etcd's files while nobody uses them. KubeSkippy is not restarted: it has to find out by itself. */
const offline = async (what: (etcd: string, backup: string) => void): Promise<void> => {
  const { supervisor, directory } = stack.env;
  const control = ['kubelet', 'kube-scheduler', 'kube-controller-manager', 'kube-apiserver', 'etcd'];
  const specs = control.map((name) => supervisor.get(name).spec);
  for (const name of control) await supervisor.stop(name);
  what(join(directory, 'etcd'), join(directory, 'etcd-backup'));
  await Promise.all(specs.map((spec) => supervisor.start(spec)));
};

test('a cluster that is restored from a backup repeats nothing, and every action in it comes to an end', async () => {
  const [waiting, verifying] = await Promise.all([
    shop.deployAndRestart('waiting', { approvalRequired: true }),
    shop.deployAndRestart('verifying'),
  ]);
  await Promise.all([shop.reaches('waiting', 'WaitingForApproval'), shop.reaches('verifying', 'Executed')]);
  await offline((etcd, backup) => {
    cpSync(etcd, backup, { recursive: true });
  });
  // An API server that has just begun answers 503 to some writes for a moment.
  await eventually(async () => shop.approve(await shop.readAction('waiting')), 30_000, 200);
  for (const name of ['waiting', 'verifying'])
    expect((await shop.ended(name)).status).toMatchObject({ phase: 'Succeeded', reason: 'Healed' });

  await offline((etcd, backup) => {
    rmSync(etcd, { recursive: true });
    cpSync(backup, etcd, { recursive: true });
  });

  expect((await shop.readAction('waiting')).status).toMatchObject({ reason: 'WaitingForApproval' });
  // Their workflows have ended: what the records say of them is looked into after a round or two of half a minute.
  expect((await shop.ended('waiting', 120_000)).status).toMatchObject({ phase: 'Cancelled', reason: 'Aborted' });
  expect((await shop.ended('verifying', 120_000)).status).toMatchObject({ phase: 'Succeeded', reason: 'Healed' });
  expect(shop.effectsOf(waiting)).toHaveLength(1); // that which the restored cluster does not know
  expect(shop.effectsOf(verifying)).toHaveLength(1);
}, 300_000);
