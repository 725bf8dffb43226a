import { setImmediate } from 'node:timers/promises';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { recordDecision, requestApproval } from '../../../activities/approve.ts';
import { awaitOperator } from '../../../activities/await-operator.ts';
import { release, reserve } from '../../../activities/reserve.ts';
import type { Decision } from '../../../src/domain/approval.ts';
import { findCondition } from '../../../src/domain/condition.ts';
import type { AcceptedPlan, ApprovalRules } from '../../../src/domain/steps.ts';
import type { ObjectRef } from '../../../src/domain/target-ref.ts';
import { slowAnalyzer } from '../../support/analyzers.ts';
import { at, type MemoryWorld } from '../../support/memory-world.ts';
import { acceptedOnCart, now } from '../../support/steps.ts';

let world: MemoryWorld;
let action: ObjectRef;
let plan: AcceptedPlan;

beforeEach(async () => {
  ({ world, action, plan } = await acceptedOnCart({ analyzer: slowAnalyzer }));
});

const condition = (type: string) => findCondition(world.the(action).status?.conditions, type);
const decision = (over: Partial<Decision> = {}): Decision => ({
  decision: 'Approved',
  planDigest: plan.planDigest,
  by: 'jane',
  method: 'signal',
  ...over,
});

describe('asking for approval', () => {
  const ask = (over: Partial<ApprovalRules> = {}) =>
    requestApproval(
      world.ports,
      action,
      plan.planDigest,
      { ...plan.approval, why: 'the policy is in mode manual', timeoutMs: 60_000, ...over },
      now,
    );

  test('shows how to answer, and until when', async () => {
    const asked = await ask();
    expect(condition('Approved')).toMatchObject({ status: 'Unknown', reason: 'WaitingForApproval' });
    expect(condition('Approved')?.message).toContain(
      `kubectl patch healingaction heal -n shop --type=merge -p '{"spec":{"approval":{"decision":"Approved","planDigest":"${plan.planDigest}"}}}'`,
    );
    const approval = world.the(action).status?.approval;
    expect(approval).toEqual({
      required: true,
      approved: false,
      planDigest: plan.planDigest,
      expiresAt: expect.any(String),
      verified: true,
      requireIdentity: false,
      fourEyes: false,
    });
    expect(asked).toEqual({ result: 'asked', expiresAt: approval?.expiresAt });
    expect(Date.parse(approval?.expiresAt ?? '')).toBeGreaterThan(Date.now() + 50_000);
  });

  test('never cuts the command, however long names and reasons are', async () => {
    const name = 'n'.repeat(253);
    const long = world.action({}, name);
    await requestApproval(world.ports, long, 'd'.repeat(64), { ...plan.approval, why: 'because '.repeat(500) }, now);
    const message = findCondition(world.the(long).status?.conditions, 'Approved')?.message ?? '';
    expect(message).toContain(
      `kubectl patch healingaction ${name} -n shop --type=merge -p '{"spec":{"approval":{"decision":"Approved","planDigest":"${'d'.repeat(64)}"}}}';`,
    );
    expect(message.endsWith('…')).toBe(true);
  });

  test('says when who approves will not be proven', async () => {
    world.people.vouched = false;
    await ask();
    expect(condition('Approved')?.message).toContain('who approves is not proven');
    expect(world.the(action).status?.approval).toMatchObject({ verified: false });
  });

  test('ends where only proven approvals count and none can be', async () => {
    world.people.vouched = false;
    expect(await ask({ requireIdentity: true })).toMatchObject({
      result: 'ended',
      outcome: { reason: 'Refused', message: expect.stringContaining('deploy/admission') },
    });
  });

  test('names who may not answer', async () => {
    world.editAction(action, (object) => ({
      ...object,
      spec: { ...object.spec, requestedBy: { username: 'joe' } },
    }));
    await ask({ fourEyes: true, requireIdentity: true });
    expect(condition('Approved')?.message).toContain('by somebody else than joe');
    expect(world.the(action).status?.approval).toMatchObject({ fourEyes: true, requireIdentity: true });
  });

  test('again keeps the end of the time', async () => {
    const first = await ask();
    expect(await ask({ timeoutMs: 3_600_000 })).toEqual(first);
  });

  test('late and twice does not wipe out what was decided since', async () => {
    await ask();
    await recordDecision(world.ports, action, plan.planDigest, decision(), now);
    await ask();
    expect(world.the(action).status?.approval).toMatchObject({ approved: true, approvedBy: 'jane' });
  });
});

describe('a decision', () => {
  const write = (over: object = {}): void => {
    world.editAction(action, (object) => ({
      ...object,
      spec: {
        ...object.spec,
        approval: { decision: 'Approved', planDigest: plan.planDigest, by: 'jane', comment: 'go', ...over },
      },
    }));
  };
  const record = (sent?: Decision, ports = world.ports) => recordDecision(ports, action, plan.planDigest, sent, now);
  const asked = (over: Partial<ApprovalRules> = {}) =>
    requestApproval(world.ports, action, plan.planDigest, { ...plan.approval, timeoutMs: 60_000, ...over }, now);
  const written = () => decision({ method: 'kubernetes', comment: 'go' });
  const status = () => world.the(action).status?.approval;

  test('is taken from spec.approval, if it is about this plan', async () => {
    await asked();
    expect(await record()).toEqual({ result: 'none' });
    write({ planDigest: 'e'.repeat(32) });
    expect(await record()).toEqual({ result: 'none' });
    expect(status()).toMatchObject({ approved: false });
    write();
    expect(await record()).toEqual({ result: 'recorded', decision: written() });
  });

  test('that came by signal is taken from where it was recorded', async () => {
    await asked();
    const first = decision({ comment: 'go' });
    await record(first);
    expect(await record()).toEqual({ result: 'recorded', decision: first });
    const second = decision({ decision: 'Rejected', method: 'update' });
    await record(second);
    expect(await record()).toEqual({ result: 'recorded', decision: second });
  });

  test('that came by signal, where signals do not count any more, is void: another one may come', async () => {
    await asked();
    const sent = decision();
    await record(sent);
    world.settings.acceptSignals = false;
    expect(await record()).toEqual({ result: 'void', decision: sent });
    expect(await record(sent)).toMatchObject({ result: 'ended', outcome: { reason: 'Refused' } });
  });

  test.each<[string, () => Promise<unknown>, () => void]>([
    [
      'came by signal, where people have to be proven by now',
      () => record(decision()),
      () => {
        world.settings.requireIdentity = true;
      },
    ],
    [
      'was withdrawn',
      () => {
        write();
        return record();
      },
      () => {
        world.editAction(action, ({ spec: { approval: _gone, ...spec }, ...object }) => ({ ...object, spec }));
      },
    ],
  ])('that %s, is asked for anew, and given anew', async (_what, decide, change) => {
    await asked();
    await decide();
    expect(condition('Approved')).toMatchObject({ status: 'True' });
    await asked();
    expect(condition('Approved')).toMatchObject({ status: 'True' }); // asked twice for the one plan, to no effect
    change();
    await asked();
    expect(condition('Approved')).toMatchObject({ status: 'Unknown', reason: 'WaitingForApproval' });
    expect(status()).not.toHaveProperty('approvedBy');
    expect(await record()).toEqual({ result: 'none' });
    write({ by: 'joe' });
    expect(await record()).toMatchObject({ result: 'recorded' });
    expect(status()).toMatchObject({ approved: true, approvedBy: 'joe', method: 'kubernetes', verified: true });
  });

  test('that was acted upon is not asked for anew by a late repeat', async () => {
    await asked();
    write();
    await record();
    world.editAction(action, ({ spec: { approval: _gone, ...spec }, status, ...object }) => ({
      ...object,
      spec,
      status: { ...status, claim: { targetUid: 't', step: 'execute', attempt: 1, time: now().toISOString() } },
    }));
    await asked();
    expect(condition('Approved')).toMatchObject({ status: 'True', reason: 'Approved' });
  });

  test('that came by spec.approval and was withdrawn is not taken from its record', async () => {
    await asked();
    write();
    await record();
    expect(status()).toMatchObject({ approved: true });
    world.editAction(action, ({ spec: { approval: _gone, ...spec }, ...object }) => ({ ...object, spec }));
    expect(await record()).toEqual({ result: 'none' });
  });

  test('is recorded with what is known of who decided', async () => {
    await asked();
    expect(await record(decision())).toMatchObject({ result: 'recorded' });
    expect(status()).toMatchObject({ approvedBy: 'jane', method: 'signal', verified: false });
  });

  test('that came by spec.approval is verified', async () => {
    await asked();
    write();
    expect(await record()).toMatchObject({ result: 'recorded' });
    expect(status()).toMatchObject({ method: 'kubernetes', verified: true });
    expect(condition('Approved')).toMatchObject({ status: 'True', reason: 'Approved' });
  });

  test.each([
    ['when it was asked for', true],
    ['now', false],
  ])('is not verified where the admission policies were not in force %s', async (_when, later) => {
    world.people.vouched = !later;
    await asked();
    write();
    world.people.vouched = later;
    expect(await record()).toMatchObject({ result: 'recorded' });
    expect(status()).toMatchObject({ approved: true, verified: false });
    expect(condition('Approved')?.message).toContain('not verified');
  });

  test('that comes after the time is void, but a rejection is not', async () => {
    await asked({ timeoutMs: 0 });
    write();
    expect(await record()).toMatchObject({ result: 'void', decision: { by: 'jane' } });
    expect(await record(decision({ decision: 'Rejected' }))).toMatchObject({ result: 'recorded' });
  });

  test.each<[string, Partial<ApprovalRules>, Decision['method'], RegExp]>([
    [
      'a signal, where identity is demanded',
      { requireIdentity: true },
      'signal',
      /is not proven, and that is demanded/,
    ],
    ['the requester, where four eyes are', { fourEyes: true }, 'kubernetes', /jane has asked for the action/],
  ])('of %s ends the healing', async (_who, rules, method, why) => {
    world.editAction(action, (object) => ({
      ...object,
      spec: { ...object.spec, requestedBy: { username: 'jane' } },
    }));
    await asked(rules);
    write();
    expect(await record(method === 'signal' ? decision() : undefined)).toMatchObject({
      result: 'ended',
      outcome: { reason: 'Refused', message: expect.stringMatching(why) },
    });
    expect(status()).toMatchObject({ approved: false });
  });

  test.each<[string, () => void]>([
    [
      'it was withdrawn',
      () => {
        world.editAction(action, ({ spec: { approval: _gone, ...spec }, ...object }) => ({ ...object, spec }));
      },
    ],
    [
      'somebody else has decided',
      () => {
        write({ by: 'joe' });
      },
    ],
    [
      'it was turned round',
      () => {
        write({ decision: 'Rejected' });
      },
    ],
    [
      'the plan became another',
      () => {
        world.editAction(action, (object) => ({ ...object, status: { ...object.status, planDigest: 'f'.repeat(32) } }));
      },
    ],
    [
      'the action went',
      () => {
        world.api.delete(at('HealingAction', 'heal'));
      },
    ],
  ])('is void when %s while it was being recorded', async (_why, change) => {
    await asked();
    write();
    const vouched = async (): Promise<boolean> => {
      await setImmediate(); // by now the action was read
      change();
      return true;
    };
    const identity = { ...world.ports.identity, vouched };
    expect(await record(undefined, { ...world.ports, identity })).toMatchObject({
      result: 'void',
      decision: written(),
    });
    expect(world.events.some(({ reason }) => reason === 'Approved')).toBe(false);
  });

  test('that was sent for an action which is gone is void', async () => {
    world.api.delete(at('HealingAction', 'heal'));
    expect(await record(decision())).toEqual({ result: 'void', decision: decision() });
    expect(await record()).toEqual({ result: 'none' });
  });

  test('of odd texts is within the bounds of the status', async () => {
    const odd = decision({ by: 'b'.repeat(253), comment: 'c'.repeat(512) });
    expect(await record(odd)).toMatchObject({ result: 'recorded' });
  });
});

describe('waiting', () => {
  test('for a slot shows why', async () => {
    const none = { ...plan.reservation, maxActionsPerHour: 0 };
    expect(await reserve(world.ports, action, none, now)).toMatchObject({ granted: false, reason: 'NoneAllowed' });
    expect(condition('Reserved')).toMatchObject({ status: 'False', reason: 'NoneAllowed' });
  });

  test('for a person holds nothing any more', async () => {
    await reserve(world.ports, action, plan.reservation, now);
    expect(Object.keys(world.ledger.leases)).toEqual([action.uid]);
    await release(world.ports, action);
    expect(world.ledger).toEqual(expect.objectContaining({ leases: {}, settled: [] }));
    expect(await reserve(world.ports, action, plan.reservation, now)).toEqual({ granted: true });
  });

  test('for an operator shows what was tried, and holds nothing', async () => {
    await reserve(world.ports, action, plan.reservation, now);
    expect(Object.keys(world.ledger.leases)).toEqual([action.uid]);
    await awaitOperator(world.ports, action, { why: 'it would violate the budget', at: 'execute' }, now);
    expect(world.ledger).toEqual(expect.objectContaining({ leases: {}, settled: [] }));
    expect(condition('Executed')).toMatchObject({ status: 'False', reason: 'AwaitingOperator' });
    expect(condition('Executed')?.message).toContain('kubeskippy operate heal retry -n shop');
    expect(condition('Executed')?.message).toContain(
      `the signal "operate" with the argument "retry" to workflow ha-${action.uid}`,
    );
    expect(condition('Reserved')).toMatchObject({ status: 'False', reason: 'Settled' });
    expect(world.events.at(-1)).toMatchObject({ type: 'Warning', reason: 'AwaitingOperator' });
  });
});
