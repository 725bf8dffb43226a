import { beforeEach, describe, expect, test } from '@jest/globals';
import { FINALIZER } from '../../../src/api/constants.ts';
import { report } from '../../../activities/report.ts';
import type { ExecutionResult } from '../../../src/domain/steps.ts';
import type { ObjectRef } from '../../../src/domain/target-ref.ts';
import { at, type MemoryWorld } from '../../support/memory-world.ts';
import { accepted, acceptedOnCart, now, tryEffect } from '../../support/steps.ts';

let world: MemoryWorld;
let action: ObjectRef;

beforeEach(async () => {
  ({ world, action } = await acceptedOnCart());
});

const outcomeOf = (result: ExecutionResult): string =>
  result.result === 'ended' ? result.outcome.reason : result.result;
const claim = () => world.the(action).status?.claim;

describe('what gives the effect its authority is read again', () => {
  const cases: [string, string, () => void][] = [
    [
      'the policy is gone',
      'Refused',
      () => {
        world.api.delete(at('HealingPolicy', 'policy'));
      },
    ],
    [
      'the policy is in mode monitor',
      'Refused',
      () => {
        world.editPolicy((spec) => ({ ...spec, mode: 'monitor' }));
      },
    ],
    [
      'the policy no longer has the action',
      'Refused',
      () => {
        world.editPolicy((spec) => ({ ...spec, actions: [{ name: 'back', type: 'undo' }] }));
      },
    ],
    [
      'the action of the policy says something else',
      'Refused',
      () => {
        world.editPolicy((spec) => ({
          ...spec,
          actions: [{ name: 'again', type: 'restart', restartAction: { gracePeriodSeconds: 1 } }],
        }));
      },
    ],
    [
      'the policy selects other labels',
      'Refused',
      () => {
        world.editPolicy((spec) => ({
          ...spec,
          selector: { ...spec.selector, labelSelector: { matchLabels: { app: 'x' } } },
        }));
      },
    ],
    [
      'the policy protects the target',
      'Refused',
      () => {
        world.editPolicy((spec) => ({
          ...spec,
          safetyRules: { protectedResources: [{ apiVersion: 'apps/v1', kind: 'Deployment', excludeNames: ['ca*'] }] },
        }));
      },
    ],
    [
      'the policy protects a pod that the rollout would replace',
      'drifted',
      () => {
        world.editPolicy((spec) => ({
          ...spec,
          safetyRules: { protectedResources: [{ apiVersion: 'v1', kind: 'Pod', excludeNames: ['cart-*'] }] },
        }));
      },
    ],
    [
      'the policy asks for approval now',
      'drifted',
      () => {
        world.editPolicy((spec) => ({ ...spec, mode: 'manual' }));
      },
    ],
    [
      'the target is protected',
      'Refused',
      () => {
        world.label('Deployment', 'cart', 'kubeskippy.io/protected', 'true');
      },
    ],
    [
      'the target is another of the same name',
      'TargetGone',
      () => {
        world.api.delete(at('Deployment', 'cart'));
        world.deploy('cart');
      },
    ],
    [
      'the target is gone',
      'TargetGone',
      () => {
        world.api.delete(at('Deployment', 'cart'));
      },
    ],
    [
      'the action is gone',
      'Deleted',
      () => {
        world.api.delete(at('HealingAction', 'heal'));
      },
    ],
    [
      'the action is being deleted',
      'Deleted',
      () => {
        world.editAction(action, (object) => ({
          ...object,
          metadata: { ...object.metadata, finalizers: ['example.org/other'] },
        }));
        world.api.delete(at('HealingAction', 'heal'));
      },
    ],
    [
      'the action has expired',
      'Expired',
      () => {
        world.editAction(action, (object) => ({
          ...object,
          spec: { ...object.spec, expiresAt: '2020-01-01T00:00:00Z' },
        }));
      },
    ],
  ];

  test.each(cases)('%s: %s, and nothing is written', async (_name, outcome, change) => {
    change();
    expect(outcomeOf(await tryEffect(world, action))).toBe(outcome);
    expect(world.cluster.seen).toEqual([]);
  });

  test('an approval counts for its plan only, and only while it stands', async () => {
    world.editPolicy((spec) => ({ ...spec, mode: 'manual' }));
    const digest = world.the(action).status?.planDigest ?? '';
    const approve = (planDigest: string): void => {
      world.editAction(action, (object) => ({
        ...object,
        spec: { ...object.spec, approval: { decision: 'Approved', planDigest, by: 'jane' } },
        status: {
          ...object.status,
          approval: { required: true, approved: true, approvedBy: 'jane', planDigest, method: 'kubernetes' },
        },
      }));
    };
    approve('0'.repeat(32));
    expect(outcomeOf(await tryEffect(world, action))).toBe('drifted');

    approve(digest);
    world.editAction(action, ({ spec: { approval: _withdrawn, ...spec }, ...object }) => ({ ...object, spec }));
    expect(outcomeOf(await tryEffect(world, action))).toBe('Refused');

    approve(digest);
    expect(outcomeOf(await tryEffect(world, action))).toBe('executed');
  });

  describe('an approval that was good when it was recorded', () => {
    const approved = (over: object = {}): void => {
      const planDigest = world.the(action).status?.planDigest ?? '';
      world.editAction(action, (object) => ({
        ...object,
        spec: {
          ...object.spec,
          requestedBy: { username: 'joe' },
          approval: { decision: 'Approved', planDigest, by: 'jane', groups: ['sre'] },
        },
        status: {
          ...object.status,
          approval: {
            required: true,
            approved: true,
            approvedBy: 'jane',
            planDigest,
            method: 'kubernetes',
            verified: true,
            ...over,
          },
        },
      }));
    };

    test.each<[string, () => void, RegExp]>([
      [
        'who gave it has lost the right since',
        () => {
          world.people.deprived.add('jane');
        },
        /jane may no longer decide/,
      ],
      [
        'the policy demands four eyes since, and the requester gave it',
        () => {
          world.editPolicy((spec) => ({ ...spec, approval: { fourEyes: true } }));
          world.editAction(action, ({ spec, ...object }) => ({
            ...object,
            spec: { ...spec, requestedBy: { username: 'jane' } },
          }));
        },
        /jane has asked for the action too/,
      ],
      [
        'four eyes are demanded and nobody knows who asked',
        () => {
          world.editPolicy((spec) => ({ ...spec, approval: { fourEyes: true } }));
          world.editAction(action, ({ spec: { requestedBy: _nobody, ...spec }, ...object }) => ({ ...object, spec }));
        },
        /who asked for the action is not known/,
      ],
      [
        'the policy demands proof since, and there is none',
        () => {
          approved({ verified: false });
          world.editPolicy((spec) => ({ ...spec, approval: { requireIdentity: true } }));
        },
        /is not proven/,
      ],
      [
        'the healer demands proof since, and there is none',
        () => {
          approved({ verified: false });
          world.settings.requireIdentity = true;
        },
        /is not proven/,
      ],
      [
        'it came by signal, and signals do not count any more',
        () => {
          approved({ verified: false, method: 'signal' });
          world.settings.acceptSignals = false;
        },
        /came by signal, which proves nobody/,
      ],
      [
        'somebody else stands in its place',
        () => {
          world.editAction(action, ({ spec, ...object }) => ({
            ...object,
            spec: {
              ...spec,
              approval: {
                ...spec.approval,
                by: 'eve',
                decision: 'Approved',
                planDigest: object.status?.planDigest ?? '',
              },
            },
          }));
        },
        /withdrawn/,
      ],
    ])('does not count when %s', async (_why, change, why) => {
      approved();
      change();
      const result = await tryEffect(world, action);
      expect(result).toMatchObject({ outcome: { reason: 'Refused', message: expect.stringMatching(why) } });
      expect(world.cluster.seen).toEqual([]);
    });

    test('counts while all is as it was', async () => {
      world.editPolicy((spec) => ({ ...spec, mode: 'manual', approval: { fourEyes: true } }));
      approved();
      expect(outcomeOf(await tryEffect(world, action))).toBe('executed');
    });
  });

  test('what an analyzer would rather not do waits for a person, whatever the policy says', async () => {
    world.editAction(action, (object) => ({
      ...object,
      status: { ...object.status, analysis: { analyzer: 'rules', choice: 'abstain' } },
    }));
    expect(outcomeOf(await tryEffect(world, action))).toBe('drifted');
    expect(world.cluster.seen).toEqual([]);
  });

  test('a plan that a person should look at is not carried out because an analyzer says so', async () => {
    world.deploy('frail', { image: 'broken:1' });
    world.rollOut('frail', 'broken:2'); // the revision before was never seen available
    const targetResource = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'frail' };
    const undo = world.action({ targetResource, action: { name: 'back', type: 'undo' } }, 'undo');
    const plan = await accepted(world, undo);
    expect(plan.approval.required).toBe(true);
    expect(outcomeOf(await tryEffect(world, undo))).toBe('drifted');
    expect(world.cluster.seen).toEqual([]);
  });
});

describe('a dry run', () => {
  test.each<[string, () => void]>([
    [
      'of the action',
      () => {
        world.editAction(action, (object) => ({ ...object, spec: { ...object.spec, dryRun: true } }));
      },
    ],
    [
      'of everything',
      () => {
        world.settings.dryRun = true;
      },
    ],
  ])('%s asks the API server and changes nothing', async (_name, change) => {
    change();
    const before = world.deployment('cart');
    expect(await tryEffect(world, action)).toMatchObject({ result: 'executed', changed: false });
    expect(world.cluster.seen.map(({ options }) => options.dryRun)).toEqual([true]);
    expect(world.deployment('cart')).toEqual(before);
    expect(world.the(action).metadata.finalizers).toBeUndefined();
    expect(claim()).toBeUndefined();
  });

  test('of a policy that wants one only since the plan was made lets the action go at its end', async () => {
    world.editPolicy((spec) => ({ ...spec, mode: 'dryrun' }));
    const before = world.deployment('cart');
    expect(await tryEffect(world, action)).toMatchObject({ result: 'executed', changed: false });
    expect(world.cluster.seen.map(({ options }) => options.dryRun)).toEqual([true]);
    expect(world.deployment('cart')).toEqual(before);
    expect(claim()).toBeUndefined();
    expect(world.the(action).metadata.finalizers).toEqual([FINALIZER]);
    await report(world.ports, action, { reason: 'DryRunCompleted', message: 'would restart' }, now);
    expect(world.the(action).metadata.finalizers ?? []).toEqual([]);
  });

  test('stays one although the policy permits more by now', async () => {
    expect(await tryEffect(world, action, { dryRun: true })).toMatchObject({ result: 'executed', changed: false });
    expect(world.cluster.effects).toHaveLength(0);
  });
});
