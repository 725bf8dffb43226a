import { describe, expect, test } from '@jest/globals';
import { KEYS, MANAGED_BY } from '../../../src/api/constants.ts';
import type { HealingAction, HealingActionSpec } from '../../../src/api/healing-action.ts';
import { retryObjection, retryOf } from '../../../src/domain/retry-of.ts';

const NOW = new Date('2026-03-01T12:00:00Z');
const SPEC: HealingActionSpec = {
  policyRef: { name: 'crashes', namespace: 'shop', uid: 'policy' },
  targetResource: { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'shop', name: 'cart', uid: 'cart-1' },
  action: { name: 'again', type: 'restart' },
};
const action = (over: Partial<HealingActionSpec> = {}, name = 'crashes-again-1', ended = true): HealingAction => ({
  apiVersion: 'kubeskippy.io/v1alpha1',
  kind: 'HealingAction',
  metadata: {
    name,
    namespace: 'shop',
    uid: `uid-${name}`,
    resourceVersion: '1',
    creationTimestamp: '2026-01-01T00:00:00Z',
  },
  spec: { ...SPEC, ...over },
  status: {
    conditions: [
      {
        type: 'Succeeded',
        status: ended ? 'False' : 'Unknown',
        reason: ended ? 'NotHealed' : 'InProgress',
        message: '',
        lastTransitionTime: '2026-01-01T00:00:00Z',
      },
    ],
  },
});
const manifestOf = (earlier: HealingAction) => {
  const retry = retryOf(earlier, NOW);
  if (retry.result === 'refused') throw new Error(retry.message);
  return retry.manifest;
};

describe('the retry of a finished action', () => {
  test('asks for the same, and names the one that it tries again', () => {
    const asked: Partial<HealingActionSpec> = {
      approvalRequired: true,
      dryRun: false,
      timeout: '3m',
      retryPolicy: { maxAttempts: 1, backoffDelay: '1s', backoffMultiplier: 1 },
      trigger: { name: 'crash', type: 'condition', since: '2026-01-01T00:00:00Z' },
    };
    expect(manifestOf(action(asked))).toMatchObject({
      apiVersion: 'kubeskippy.io/v1alpha1',
      kind: 'HealingAction',
      metadata: { namespace: 'shop', name: 'crashes-again-1-r1' },
      spec: { ...SPEC, ...asked, retryOf: { name: 'crashes-again-1', uid: 'uid-crashes-again-1' } },
    });
  });

  test('takes over nothing that was decided, or that says who made the earlier one', () => {
    const { spec } = manifestOf(
      action({
        approval: { decision: 'Approved', planDigest: 'a'.repeat(32), by: 'jane' },
        requestedBy: { username: 'controller' },
        policyGeneration: 3,
      }),
    );
    expect(Object.keys(spec).sort()).toEqual(['action', 'policyRef', 'retryOf', 'targetResource']);
  });

  test('expires as late as the earlier one did, from now on', () => {
    expect(manifestOf(action({ expiresAt: '2026-01-01T02:00:00Z' })).spec.expiresAt).toBe('2026-03-01T14:00:00.000Z');
    expect(manifestOf(action()).spec.expiresAt).toBeUndefined();
  });

  test('belongs to the same trouble, and to whoever orders it', () => {
    const earlier = action();
    const labels = {
      [KEYS.policyName]: 'crashes',
      [KEYS.actionName]: 'again',
      [KEYS.actionType]: 'restart',
      [KEYS.triggerType]: 'crash',
    };
    const { metadata } = manifestOf({
      ...earlier,
      metadata: {
        ...earlier.metadata,
        labels: { ...labels, [KEYS.managedBy]: MANAGED_BY, 'argocd.argoproj.io/instance': 'shop' },
        annotations: { [KEYS.episode]: 'cart-1', [KEYS.lastApplied]: 'then', 'argocd.argoproj.io/tracking-id': 'x' },
      },
    });
    expect(metadata.labels).toEqual(labels);
    expect(metadata.annotations).toEqual({ [KEYS.episode]: 'cart-1' });
  });

  test('is counted in its name, from one retry to the next, and once only', () => {
    const first = action({ retryOf: { name: 'x' } }, 'x-r1');
    expect(manifestOf(first).metadata.name).toBe('x-r2');
    expect(manifestOf(first).metadata.name).toBe(manifestOf(first).metadata.name);
    expect(manifestOf(action({ retryOf: { name: 'x' } }, 'x-r9')).metadata.name).toBe('x-r10');
    expect(manifestOf(action({}, 'canary-r1')).metadata.name).toBe('canary-r1-r1');
    expect(manifestOf(action({}, `${'a'.repeat(244)}.b-c-d-ef`)).metadata.name).toBe(`${'a'.repeat(244)}-r1`);
  });

  test('is refused while the earlier one runs', () => {
    expect(retryOf(action({}, 'a', false), NOW)).toMatchObject({
      result: 'refused',
      message: expect.stringContaining('has not ended yet'),
    });
  });
});

describe('an action that says it is a retry', () => {
  const retry = action({ retryOf: { name: 'earlier', uid: 'uid-earlier' } }, 'later', false);
  const earlier = action({}, 'earlier');

  test('is one when it asks for the same of a finished action', () => {
    expect(retryObjection(retry, earlier)).toBeUndefined();
    expect(retryObjection({ ...retry, spec: manifestOf(earlier).spec }, earlier)).toBeUndefined();
    expect(retryObjection(action({}, 'no-retry'), undefined)).toBeUndefined();
  });

  test('may leave out that its target lies in its own namespace', () => {
    const { namespace: _, uid: __, ...targetResource } = SPEC.targetResource;
    expect(retryObjection({ ...retry, spec: { ...retry.spec, targetResource } }, earlier)).toBeUndefined();
  });

  test.each<[string, HealingAction | undefined, RegExp]>([
    ['does not exist', undefined, /earlier.*does not exist/],
    ['is another one of that name', { ...earlier, metadata: { ...earlier.metadata, uid: 'else' } }, /uid uid-earlier/],
    ['has not ended', action({}, 'earlier', false), /has not ended yet/],
    ['was of another policy', action({ policyRef: { ...SPEC.policyRef, name: 'b' } }, 'earlier'), /another policy/],
    [
      'had another target',
      action({ targetResource: { ...SPEC.targetResource, name: 'cart-2' } }, 'earlier'),
      /another target/,
    ],
    ['did something else', action({ action: { name: 'back', type: 'undo' } }, 'earlier'), /another action/],
  ])('is none when the one that it names %s', (_what, named, why) => {
    expect(retryObjection(retry, named)).toMatch(why);
  });
});
