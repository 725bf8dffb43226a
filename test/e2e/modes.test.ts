import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Client, Connection } from '@temporalio/client';
import { actionWorkflowId } from '../../src/api/temporal-names.ts';
import { findCondition } from '../../src/domain/condition.ts';
import { startStack, type Stack } from '../../src/local/stack.ts';
import { effectsIn, readAuditLog, WORKER_USER, type AuditEvent } from '../support/audit-log.ts';
import { eventually } from '../support/eventually.ts';
import { Shop } from '../support/shop.ts';

let stack: Stack;
beforeAll(async () => {
  stack = await startStack({ kubelet: { crashBackoffBase: '1s' } });
}, 120_000);
afterAll(async () => {
  await stack.stop();
});

const in_ = (namespace: string) => (event: AuditEvent) => event.objectRef?.namespace === namespace;
const effects = (namespace: string): AuditEvent[] =>
  effectsIn(readAuditLog(stack.env.auditLogFile)).filter(in_(namespace));

test('monitor: reports what it would do, and creates nothing', async () => {
  const shop = await Shop.open(stack, 'monitor');
  await shop.policy('watchful', { mode: 'monitor' });
  await shop.deploy('web');
  await shop.breakImage('web');

  const status = await eventually(
    async () => {
      const { status } = await shop.readPolicy('watchful');
      expect(status?.decisions?.[0]?.decision).toBe('WouldCreate');
      // The conditions are written down a moment after the decision.
      expect(findCondition(status?.conditions, 'RemediationAllowed')).toMatchObject({
        status: 'False',
        reason: 'MonitorMode',
      });
      return status;
    },
    30_000,
    200,
  );

  expect(status?.decisions?.[0]).toMatchObject({
    action: 'back',
    target: 'Deployment monitor/web',
    trigger: 'cannot-pull',
  });
  expect(await shop.actions()).toEqual([]);
  expect(effects('monitor')).toEqual([]);
});

test('dryrun: the same request, but nothing is changed', async () => {
  const shop = await Shop.open(stack, 'dryrun');
  await shop.policy('careful', { mode: 'dryrun' });
  await shop.deploy('web');
  await shop.breakImage('web');

  const action = await shop.onlyAction();
  const { status } = await shop.ended(action.metadata.name);

  expect(status).toMatchObject({ phase: 'Succeeded', reason: 'DryRunCompleted', result: { success: true } });
  expect(shop.image(await shop.deployment('web'))).toBe('kubeskippy.local/no-such-program:2.0');
  const patches = readAuditLog(stack.env.auditLogFile).filter(
    (event) =>
      in_('dryrun')(event) &&
      event.user.username === WORKER_USER &&
      event.objectRef?.resource === 'deployments' &&
      event.verb === 'patch',
  );
  expect(patches.length).toBeGreaterThan(0);
  for (const { requestURI } of patches) expect(requestURI).toContain('dryRun=All');
});

test('manual: waits, prints how to approve, and acts on the approval of exactly that plan', async () => {
  const shop = await Shop.open(stack, 'manual');
  await shop.policy('asking', { mode: 'manual' });
  const good = await shop.deploy('web');
  await shop.breakImage('web');
  const { metadata } = await shop.onlyAction();

  const waiting = await eventually(
    async () => {
      const { status } = await shop.readAction(metadata.name);
      const approved = findCondition(status?.conditions, 'Approved');
      expect(approved).toMatchObject({ status: 'Unknown', reason: 'WaitingForApproval' });
      return { message: approved?.message ?? '', digest: status?.planDigest ?? '' };
    },
    30_000,
    200,
  );
  expect(effects('manual')).toEqual([]);

  await expect(
    shop.kubectl([
      'patch',
      'ha',
      metadata.name,
      '--type=merge',
      '-p',
      '{"spec":{"approval":{"decision":"Approved","planDigest":"0000000000000000","by":"admin"}}}',
    ]),
  ).rejects.toThrow(/planDigest/);

  // The command that the condition prints, as it stands there.
  const patch = /-p '(?<patch>[^']*)'/.exec(waiting.message)?.groups?.['patch'] ?? '';
  expect(patch).toContain(waiting.digest);
  await shop.kubectl(['patch', 'ha', metadata.name, '--type=merge', '-p', patch]);

  const { status } = await shop.ended(metadata.name);
  expect(status).toMatchObject({
    phase: 'Succeeded',
    reason: 'Healed',
    approval: { approved: true, approvedBy: 'admin', method: 'kubernetes', verified: true },
  });
  expect(shop.image(await shop.deployment('web'))).toBe(shop.image(good));
  expect(effects('manual')).toHaveLength(1);
});

test('manual: a rejection by a signal from Temporal ends it without effect, and it is not asked again', async () => {
  const shop = await Shop.open(stack, 'rejected');
  await shop.policy('asking', { mode: 'manual' });
  await shop.deploy('web');
  await shop.breakImage('web');
  const { metadata } = await shop.onlyAction();
  await eventually(
    async () => {
      const { status } = await shop.readAction(metadata.name);
      expect(findCondition(status?.conditions, 'Approved')?.reason).toBe('WaitingForApproval');
    },
    30_000,
    200,
  );

  const connection = await Connection.connect({ address: stack.env.temporal.address });
  const handle = new Client({ connection }).workflow.getHandle(actionWorkflowId(metadata.uid));
  await handle.signal('reject', { by: 'sam', comment: 'release night' });
  const { status } = await shop.ended(metadata.name);
  await connection.close();

  expect(status).toMatchObject({
    phase: 'Cancelled',
    reason: 'Rejected',
    approval: { approved: false, approvedBy: 'sam', verified: false },
  });
  expect(effects('rejected')).toEqual([]);
  expect(await shop.actions()).toHaveLength(1);
});

test('automatic: heals, and the evidence, the change and the proof stand in the status', async () => {
  const shop = await Shop.open(stack, 'automatic');
  await shop.policy('healer', { mode: 'automatic' });
  const good = await shop.deploy('web');
  await shop.breakImage('web');

  const { metadata } = await shop.onlyAction();
  const { status, spec } = await shop.ended(metadata.name);

  expect(status).toMatchObject({ phase: 'Succeeded', reason: 'Healed', result: { success: true } });
  expect(spec.trigger?.evidence).toMatch(/image/i);
  expect(status?.result?.changes?.[0]).toMatchObject({
    field: 'spec.template',
    resourceRef: 'Deployment/automatic/web',
  });
  expect(status?.evidence?.after?.[0]).toMatchObject({ verdict: 'healthy' });
  expect(status?.analysis).toMatchObject({ analyzer: 'rules', choice: 'undo' });
  expect(shop.image(await shop.deployment('web'))).toBe(shop.image(good));
  expect(effects('automatic')).toHaveLength(1);
  await eventually(
    async () => {
      expect((await shop.readAction(metadata.name)).metadata.finalizers ?? []).toEqual([]);
    },
    10_000,
    100,
  );
  const policy = await eventually(
    async () => {
      const { status } = await shop.readPolicy('healer');
      expect(status?.actionsTaken).toBe(1);
      return status;
    },
    10_000,
    200,
  );
  expect(findCondition(policy?.conditions, 'Ready')).toMatchObject({ status: 'True' });
});
