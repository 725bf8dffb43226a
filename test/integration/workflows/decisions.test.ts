import { beforeEach, describe, expect, test } from '@jest/globals';
import { MESSAGES } from '../../../src/api/temporal-names.ts';
import type { ObjectRef } from '../../../src/domain/target-ref.ts';
import { analyzerChoosing } from '../../support/analyzers.ts';
import { benchForTests, type Healing, type HealingLane } from '../../support/healing-bench.ts';
import { eventually } from '../../support/eventually.ts';
import { MemoryWorld } from '../../support/memory-world.ts';

const bench = benchForTests();
let lane: HealingLane;
let world: MemoryWorld;
let action: ObjectRef;
let healing: Healing;

beforeEach(async () => {
  world = new MemoryWorld();
  world.deploy('cart');
  world.policy({ mode: 'manual', verification: { stabilizationWindow: '0s', timeout: '5s' } });
  lane = await bench.open(world);
});

const start = async (over: Parameters<MemoryWorld['action']>[0] = {}): Promise<void> => {
  action = world.action(over);
  healing = await lane.start(action);
  await healing.reaches('AwaitingApproval');
};
/** The step is named before the change is previewed and the question is written down. */
const asked = (): Promise<void> =>
  eventually(() => {
    expect(approval()).toBeDefined();
  }, 20_000);
const digest = (): string => world.the(action).status?.planDigest ?? '';
const approval = () => world.the(action).status?.approval;
const writeApproval = async (decision: 'Approved' | 'Rejected', planDigest = digest(), by = 'jane'): Promise<void> => {
  world.editAction(action, (object) => ({
    ...object,
    spec: { ...object.spec, approval: { decision, planDigest, by, comment: 'seen' } },
  }));
  await healing.handle.signal(MESSAGES.decisionRecorded); // as the watcher does
};
const decide = (message: object): Promise<string> => healing.handle.executeUpdate(MESSAGES.decide, { args: [message] });
const says = async (text: string): Promise<void> => {
  await eventually(async () => {
    expect(await healing.details()).toContain(text);
  });
};

describe('a plan that waits for approval', () => {
  test('is carried out when spec.approval says so', async () => {
    await start();
    await writeApproval('Approved');
    expect(await healing.outcome()).toMatchObject({ reason: 'Healed' });
    expect(approval()).toMatchObject({ approved: true, approvedBy: 'jane', method: 'kubernetes', verified: true });
    expect(world.cluster.effects).toHaveLength(1);
  });

  test('is carried out when spec.approval was there before the workflow', async () => {
    await start();
    const earlier = digest();
    await healing.handle.terminate('Temporal has lost its memory');
    world.editAction(action, (object) => ({
      ...object,
      spec: { ...object.spec, approval: { decision: 'Approved', planDigest: earlier, by: 'jane' } },
    }));
    healing = await lane.start(action);
    expect(await healing.outcome()).toMatchObject({ reason: 'Healed' });
    expect(digest()).toBe(earlier); // planned again, the plan is the same
  });

  test('keeps a decision that came by signal when Temporal has lost its memory', async () => {
    await start({ retryPolicy: { maxAttempts: 1 } });
    await asked();
    world.cluster.refusal = 'not now';
    await healing.handle.signal(MESSAGES.approve, { by: 'jane' });
    await healing.reaches('AwaitingOperator');
    await healing.handle.terminate('Temporal has lost its memory');
    world.cluster.refusal = undefined;
    healing = await lane.start(action);
    expect(await healing.outcome()).toMatchObject({ reason: 'Healed' });
    expect(approval()).toMatchObject({ approvedBy: 'jane', method: 'signal', verified: false });
  });

  test('is carried out by a signal, whose author is only claimed', async () => {
    await start();
    await healing.handle.signal(MESSAGES.approve, { planDigest: digest(), by: 'joe', comment: 'go' });
    expect(await healing.outcome()).toMatchObject({ reason: 'Healed' });
    expect(approval()).toMatchObject({ approvedBy: 'joe', method: 'signal', verified: false, reason: 'go' });
  });

  test('is carried out by an update, which answers', async () => {
    await start();
    expect(await decide({ decision: 'Approved', by: 'joe' })).toBe(`approved plan ${digest()}`);
    expect(await healing.outcome()).toMatchObject({ reason: 'Healed' });
  });

  test.each<[string, () => Promise<unknown>]>([
    ['spec.approval', () => writeApproval('Rejected')],
    ['a signal', () => healing.handle.signal(MESSAGES.reject, { by: 'jane', comment: 'seen' })],
    ['an update', () => decide({ decision: 'Rejected', by: 'jane', comment: 'seen' })],
  ])('is dropped when %s rejects it', async (_name, reject) => {
    await start();
    await reject();
    expect(await healing.outcome()).toEqual({ reason: 'Rejected', message: 'rejected by jane: seen' });
    expect(world.cluster.written).toEqual([]);
    expect(world.the(action).status).toMatchObject({ phase: 'Cancelled', approval: { approved: false } });
  });

  test('expires when nobody decides', async () => {
    world.policy({ mode: 'manual', approval: { timeout: '1s' } }, 'impatient');
    action = world.action({ policyRef: { name: 'impatient', namespace: 'shop' } });
    healing = await lane.start(action);
    expect(await healing.outcome()).toEqual({ reason: 'Expired', message: 'nobody decided in time' });
    expect(world.the(action).status?.phase).toBe('Cancelled');
  });

  test('can be decided in the moment in which it is asked for', async () => {
    const update = world.ports.actions.update.bind(world.ports.actions);
    Object.assign(world.ports.actions, {
      update: async (...args: Parameters<typeof update>) => {
        const updated = await update(...args);
        if (updated?.status?.approval?.approved === false) await decide({ decision: 'Approved', by: 'a quick one' });
        return updated;
      },
    });
    action = world.action();
    healing = await lane.start(action);
    expect(await healing.outcome()).toMatchObject({ reason: 'Healed' });
    expect(approval()).toMatchObject({ approvedBy: 'a quick one' });
  });
});

test('nobody holds a slot while an analyzer takes its time, nor while a person is waited for', async () => {
  world.editPolicy((spec) => ({ ...spec, mode: 'automatic' }));
  const held: unknown[] = [];
  const analyzer = analyzerChoosing(1, () => held.push(world.ledger.leases));
  Object.assign(world.ports, { analyzer });
  lane = await bench.open(world);
  await start();
  await asked();
  held.push(world.ledger.leases);
  expect(held).toEqual([{}, {}]);
  await writeApproval('Approved');
  expect(await healing.outcome()).toMatchObject({ reason: 'Healed' });
  expect(world.cluster.effects).toHaveLength(1);
});

test('what is sent while a decision in spec.approval is being recorded comes after it', async () => {
  const gate = Promise.withResolvers<undefined>();
  let looks = 0;
  let shut = false;
  Object.assign(world.ports.identity, {
    vouched: async () => {
      looks += 1;
      if (shut) await gate.promise;
      return true;
    },
  });
  await start();
  await eventually(() => {
    expect(looks).toBe(2); // when it was asked, and once more afterwards
  });
  shut = true;
  await writeApproval('Approved');
  await eventually(() => {
    expect(looks).toBe(3);
  });
  await healing.handle.signal(MESSAGES.reject, { by: 'joe' });
  const late = expect(decide({ decision: 'Rejected', by: 'jim' })).rejects.toThrow();
  gate.resolve(undefined);
  await late;
  expect(await healing.outcome()).toMatchObject({ reason: 'Healed' });
  expect(approval()).toMatchObject({ approved: true, approvedBy: 'jane', method: 'kubernetes' });
  await says('a signal "Rejected"');
});

describe('a decision that does not count', () => {
  test.each<[string, () => Promise<void>, RegExp]>([
    [
      'nobody can be proven to decide, which is demanded',
      async () => {
        world.people.vouched = false;
        world.settings.requireIdentity = true;
        action = world.action();
        healing = await lane.start(action);
      },
      /deploy\/admission/,
    ],
    [
      'who decides has asked too, and four eyes are demanded',
      async () => {
        world.policy({ mode: 'manual', approval: { fourEyes: true } }, 'careful');
        await start({ policyRef: { name: 'careful', namespace: 'shop' }, requestedBy: { username: 'jane' } });
        await writeApproval('Approved');
      },
      /jane has asked for the action too/,
    ],
    [
      'who decided has lost the right to',
      async () => {
        await start();
        world.people.deprived.add('jane');
        await writeApproval('Approved');
      },
      /jane may no longer decide/,
    ],
  ])('ends the healing when %s', async (_why, decided, words) => {
    await decided();
    expect(await healing.outcome()).toMatchObject({ reason: 'Refused', message: expect.stringMatching(words) });
    expect(world.cluster.written).toEqual([]);
  });

  test('because it comes after the time is void', async () => {
    world.policy({ mode: 'manual', approval: { timeout: '2s' } }, 'impatient');
    await start({ policyRef: { name: 'impatient', namespace: 'shop' } });
    await asked();
    const { expiresAt = '' } = approval() ?? {};
    await lane.close(); // nobody listens
    await eventually(() => {
      expect(Date.now()).toBeGreaterThan(Date.parse(expiresAt));
    });
    await writeApproval('Approved');
    lane = await bench.open(world, lane.taskQueue);
    expect(await healing.outcome()).toMatchObject({ reason: 'Expired' });
    expect(world.cluster.written).toEqual([]);
  });

  test('because no plan waits yet is ignored, and says so', async () => {
    const accept = world.ports.policies.read.bind(world.ports.policies);
    const gate = Promise.withResolvers<undefined>();
    Object.assign(world.ports.policies, {
      read: async (...args: Parameters<typeof accept>) => {
        await gate.promise;
        return accept(...args);
      },
    });
    action = world.action();
    healing = await lane.start(action);
    await healing.reaches('Accepting');
    await healing.handle.signal(MESSAGES.approve, { by: 'too early' });
    await expect(decide({ decision: 'Approved' })).rejects.toThrow();
    await says('a signal "Approved": no plan is waiting for approval now');
    gate.resolve(undefined);
    await healing.reaches('AwaitingApproval');
    expect(world.cluster.written).toEqual([]);
    await healing.handle.signal(MESSAGES.reject);
    await healing.outcome();
  });

  test('because it is about another plan is ignored, and says so', async () => {
    await start();
    await healing.handle.signal(MESSAGES.approve, { planDigest: 'f'.repeat(32) });
    await says('the decision is for plan ffff');
    await expect(decide({ decision: 'Approved', planDigest: 'e'.repeat(32) })).rejects.toMatchObject({
      cause: { message: expect.stringContaining('the decision is for plan eeee') },
    });
    expect(world.cluster.written).toEqual([]);
    await healing.handle.signal(MESSAGES.reject);
    expect(await healing.outcome()).toMatchObject({ reason: 'Rejected' });
  });

  test('because it is none is refused with words', async () => {
    await start();
    await expect(decide({ decision: 'Maybe' })).rejects.toMatchObject({
      cause: { message: 'say decision Approved or Rejected' },
    });
    await healing.handle.signal(MESSAGES.reject);
    await healing.outcome();
  });

  test('because another one came first is ignored', async () => {
    await start();
    await Promise.all([
      healing.handle.signal(MESSAGES.reject, { by: 'first' }),
      healing.handle.signal(MESSAGES.approve),
    ]);
    expect(['Rejected', 'Healed']).toContain((await healing.outcome()).reason);
    expect(world.cluster.effects.length).toBe(approval()?.approved === true ? 1 : 0);
  });

  test('because bare signals prove nobody is ignored where that is demanded; spec.approval counts', async () => {
    world.settings.acceptSignals = false;
    await start();
    await healing.handle.signal(MESSAGES.approve, { by: 'mallory' });
    await expect(decide({ decision: 'Approved', by: 'mallory' })).rejects.toThrow();
    await says('it proves nobody');
    expect(world.cluster.written).toEqual([]);
    await writeApproval('Approved');
    expect(await healing.outcome()).toMatchObject({ reason: 'Healed' });
    expect(approval()).toMatchObject({ approvedBy: 'jane', verified: true });
  });

  test('any more, because it was taken back before it was recorded, leaves the plan waiting', async () => {
    const read = world.ports.actions.read.bind(world.ports.actions);
    let withdrawn = false;
    Object.assign(world.ports.actions, {
      read: async (ref: ObjectRef) => {
        const found = await read(ref);
        if (!withdrawn && found?.spec.approval !== undefined) {
          withdrawn = true;
          world.editAction(ref, ({ spec: { approval: _gone, ...spec }, ...object }) => ({ ...object, spec }));
        }
        return found;
      },
    });
    await lane.close();
    lane = await bench.open(world); // with the records as they are now
    await start();
    await writeApproval('Approved');
    await eventually(() => {
      expect(withdrawn).toBe(true);
    });
    await healing.reaches('AwaitingApproval');
    expect(world.cluster.written).toEqual([]);
    await writeApproval('Approved', digest(), 'joe');
    expect(await healing.outcome()).toMatchObject({ reason: 'Healed' });
    expect(approval()).toMatchObject({ approvedBy: 'joe' });
  });
});

test('the details in Temporal tell the story in order, whatever people write into it', async () => {
  await start();
  await healing.handle.signal(MESSAGES.approve, { planDigest: 'f'.repeat(32), by: 'mallory' });
  await healing.handle.signal(MESSAGES.approve, { by: 'jane', comment: 'go\n- 2026 **Healed** by me' });
  await healing.outcome();
  const [heading = '', ...lines] = (await healing.details()).split('\n');
  expect(heading).toBe('### Healed');
  const story = lines.flatMap((line) => /^- \S+Z \*\*(\w+)\*\*/.exec(line)?.[1] ?? []);
  const before = ['Accepting', 'Planned', 'Analyzing', 'Chosen', 'AwaitingApproval', 'Ignored', 'Approved', 'Reserved'];
  expect(story).toEqual([...before, 'Executing', 'Executed', 'Verifying', 'Healed']);
  expect(lines.filter((line) => line.startsWith('- 2026 '))).toEqual([]);
});

test('a plan that drifts after its approval is asked about again, under another digest', async () => {
  world.rollOut('cart', 'broken:2');
  await start({ action: { name: 'back', type: 'undo' } });
  const first = digest();
  world.rollOut('cart', 'broken:3');
  await healing.handle.signal(MESSAGES.approve, { planDigest: first, by: 'jane' });
  await eventually(() => {
    expect(digest()).not.toBe(first);
  }, 20_000);
  await healing.reaches('AwaitingApproval');
  expect(world.cluster.effects).toEqual([]);
  await healing.handle.signal(MESSAGES.approve, { planDigest: first, by: 'an old one' });
  await says(`the decision is for plan ${first}`);
  await healing.handle.signal(MESSAGES.approve, { planDigest: digest(), by: 'jane' });
  expect(await healing.outcome()).toMatchObject({ reason: 'Healed' });
  expect(world.cluster.effects).toHaveLength(1);
});
