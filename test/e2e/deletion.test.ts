import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { TemporalConnection } from '../../src/adapters/temporal/connection.ts';
import { resources } from '../../src/adapters/kubernetes/resource.ts';
import { FINALIZER } from '../../src/api/constants.ts';
import type { HealingAction } from '../../src/api/healing-action.ts';
import { actionWorkflowId } from '../../src/api/temporal-names.ts';
import type { Outcome, OutcomeReason } from '../../src/domain/outcome.ts';
import { startStack, type Stack } from '../../src/local/stack.ts';
import { eventually } from '../support/eventually.ts';
import { seededRandom } from '../support/random.ts';
import { Shop } from '../support/shop.ts';

let stack: Stack;
let shop: Shop;
let temporal: TemporalConnection;
beforeAll(async () => {
  stack = await startStack({ kubelet: { crashBackoffBase: '1s' } });
  temporal = new TemporalConnection(stack.env.temporal);
  shop = await open('deletion');
}, 120_000);
afterAll(async () => {
  await temporal.close();
  await stack.stop();
});

/** A namespace whose policies permit restarts: `grants` many, `scarce` one in an hour. */
async function open(namespace: string): Promise<Shop> {
  const opened = await Shop.open(stack, namespace);
  const grants = {
    mode: 'automatic',
    selector: {
      resources: [
        { apiVersion: 'apps/v1', kind: 'Deployment' },
        { apiVersion: 'v1', kind: 'Pod' },
      ],
    },
    triggers: [],
    actions: [{ name: 'again', type: 'restart' }],
    verification: { stabilizationWindow: '3s', timeout: '30s' },
  } as const;
  await opened.policy('grants', { ...grants, safetyRules: { maxActionsPerHour: 1000 } });
  await opened.policy('scarce', { ...grants, safetyRules: { maxActionsPerHour: 1 } });
  return opened;
}

const outcomeOf = async ({ metadata }: HealingAction): Promise<Outcome> =>
  (await temporal.client.workflow.getHandle(actionWorkflowId(metadata.uid)).result()) as Outcome;
const remove = (of: Shop, name: string, ...how: readonly string[]): Promise<string> =>
  of.kubectl(['delete', 'healingaction', name, '--timeout=120s', ...how]);

/** While one of the servers is down. */
async function without<T>(name: string, run: () => Promise<T>): Promise<T> {
  const { supervisor } = stack.env;
  const { spec } = supervisor.get(name);
  await supervisor.stop(name);
  try {
    return await run();
  } finally {
    await supervisor.start(spec);
  }
}

/** Each place where an action can be: how it gets there, and what a deletion there means. */
const boundaries: [string, number, OutcomeReason, (name: string) => Promise<HealingAction>][] = [
  [
    'while a person is waited for',
    0,
    'Deleted',
    async (name) => {
      const action = await shop.deployAndRestart(name, { approvalRequired: true });
      await shop.reaches(name, 'WaitingForApproval');
      return action;
    },
  ],
  [
    'while a slot is waited for',
    0,
    'Deleted',
    async (name) => {
      const policyRef = { name: 'scarce', namespace: shop.namespace };
      await shop.deployAndRestart(`${name}-before`, { policyRef });
      await shop.reaches(`${name}-before`, 'Executed');
      const action = await shop.deployAndRestart(name, { policyRef });
      await shop.reaches(name, 'RateLimited');
      return action;
    },
  ],
  [
    'while an operator is waited for',
    0,
    'Deleted',
    async (name) => {
      await shop.deploy(name);
      await shop.forbidEvictions(name);
      const [pod] = await shop.podsOf(name);
      const action = await shop.restart(name, {
        targetResource: { apiVersion: 'v1', kind: 'Pod', name: pod?.metadata.name ?? '' },
        retryPolicy: { maxAttempts: 1 },
      });
      await shop.reaches(name, 'AwaitingOperator');
      return action;
    },
  ],
  [
    'while it is verified',
    1,
    'Healed',
    async (name) => {
      const action = await shop.deployAndRestart(name);
      await shop.reaches(name, 'Executed');
      return action;
    },
  ],
];

describe('an action that is deleted', () => {
  test.each(boundaries)(
    '%s had %d effects, and goes',
    async (place, effects, reason, reach) => {
      const name = place.replaceAll(' ', '-');
      const action = await reach(name);
      await remove(shop, name);
      expect((await outcomeOf(action)).reason).toBe(reason);
      expect(shop.effectsOf(action)).toHaveLength(effects);
    },
    120_000,
  );

  test('by force while it is verified is verified all the same', async () => {
    const action = await shop.deployAndRestart('forced');
    await shop.reaches('forced', 'Executed');
    await remove(shop, 'forced', '--force', '--grace-period=0');
    expect((await outcomeOf(action)).reason).toBe('Healed');
    expect(shop.effectsOf(action)).toHaveLength(1);
  }, 120_000);

  test('before anybody has looked at it never acts', async () => {
    await shop.deploy('unseen');
    const action = await without('worker', async () => {
      const asked = await shop.restart('unseen');
      await remove(shop, 'unseen'); // nothing holds it
      return asked;
    });
    expect((await outcomeOf(action)).reason).toBe('Deleted');
    expect(shop.effectsOf(action)).toHaveLength(0);
  }, 120_000);

  test('at any instant around its effect has none, or one that was seen to the end', async () => {
    const seed = 20_261;
    const random = seededRandom(seed);
    const rounds = Array.from({ length: 12 }, (_, round) => ({ round, afterMs: random() * 400 }));
    /** One round after another on a Deployment of its own; what takes long is the proof. */
    const playOn = async (target: string): Promise<void> => {
      await shop.deploy(target);
      for (let next = rounds.shift(); next !== undefined; next = rounds.shift()) {
        const name = `any-${next.round}`;
        const action = await shop.restart(name, {
          targetResource: { apiVersion: 'apps/v1', kind: 'Deployment', name: target },
        });
        await new Promise((resolve) => setTimeout(resolve, next.afterMs));
        await remove(shop, name);
        const { reason, message } = await outcomeOf(action);
        const effects = shop.effectsOf(action).length;
        const seen = { seed, round: next.round, reason, message, effects };
        const wanted = effects === 0 ? { reason: 'Deleted' } : { reason: 'Healed', effects: 1 };
        expect(seen).toEqual({ ...seen, ...wanted });
      }
    };
    await Promise.all(['any', 'any-second', 'any-third'].map(playOn));
  }, 180_000);
});

describe('a namespace that is deleted', () => {
  const gone = (namespace: string): Promise<void> =>
    eventually(
      async () => {
        expect(await stack.admin.find(resources.namespaces, { name: namespace })).toBeUndefined();
      },
      90_000,
      200,
    );
  const FIX = {
    name: 'fix',
    type: 'custom',
    customAction: { podTemplateName: 'endless' },
    requiresApproval: false,
  } as const;
  /** An action whose Job runs, and would for ten minutes. */
  const fix = async (doomed: Shop): Promise<HealingAction> => {
    await doomed.podTemplate('endless', { seconds: 600 });
    await doomed.policy('fixes', {
      mode: 'automatic',
      triggers: [],
      actions: [FIX],
      verification: { stabilizationWindow: '3s', timeout: '15m' },
    });
    const policyRef = { name: 'fixes', namespace: doomed.namespace };
    const action = await doomed.deployAndRestart('fixing', { policyRef, action: FIX });
    await eventually(
      async () => {
        const running = { status: { active: 1 }, metadata: { finalizers: [FINALIZER] } };
        expect(await doomed.jobsOf(action)).toMatchObject([running]);
      },
      30_000,
      100,
    );
    return action;
  };
  const fill = async (namespace: string): Promise<{ readonly fixing: HealingAction }> => {
    const doomed = await open(namespace);
    const [fixing] = await Promise.all([
      fix(doomed),
      doomed.deployAndRestart('verifying'),
      doomed.deployAndRestart('waiting', { approvalRequired: true }),
    ]);
    await Promise.all([
      doomed.reaches('fixing', 'Executed'),
      doomed.reaches('verifying', 'Executed'),
      doomed.reaches('waiting', 'WaitingForApproval'),
    ]);
    return { fixing };
  };

  test('with all that is in it goes', async () => {
    const { fixing } = await fill('doomed');
    await stack.admin.delete(resources.namespaces, { name: 'doomed' }, {});
    await expect(gone('doomed')).resolves.toBeUndefined();
    expect((await outcomeOf(fixing)).reason).toBe('NotHealed');
  }, 180_000);

  test('goes with Temporal down, too', async () => {
    await fill('abandoned');
    await without('temporal', async () => {
      await stack.admin.delete(resources.namespaces, { name: 'abandoned' }, {});
      await expect(gone('abandoned')).resolves.toBeUndefined();
    });
  }, 180_000);

  test('goes with Temporal down, also when the action of a Job was torn away before', async () => {
    const doomed = await Shop.open(stack, 'torn');
    const action = await fix(doomed);
    await without('temporal', async () => {
      await doomed.kubectl([
        'patch',
        'healingaction',
        'fixing',
        '--type=merge',
        '-p',
        '{"metadata":{"finalizers":null}}',
      ]);
      await remove(doomed, 'fixing');
      await eventually(
        async () => {
          const [job] = await doomed.jobsOf(action);
          expect(job?.metadata.deletionTimestamp).toBeDefined(); // by the garbage collector
          expect(job?.metadata.finalizers).toContain(FINALIZER);
        },
        60_000,
        200,
      );
      await stack.admin.delete(resources.namespaces, { name: 'torn' }, {});
      await expect(gone('torn')).resolves.toBeUndefined();
    });
  }, 240_000);
});
