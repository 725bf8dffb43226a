import { describe, expect, test } from '@jest/globals';
import { refusals } from '../../../src/domain/guards/chain.ts';
import type { GuardInput, ProtectedResource } from '../../../src/domain/guards/guard.ts';
import { object } from '../../support/objects.ts';

const deployment = object('Deployment', 'cart-db');
const replicaSet = object('ReplicaSet', 'cart-db-1', { owner: deployment });
const pod = object('Pod', 'cart-db-1-x', { owner: replicaSet });

const chain = (over: Partial<GuardInput> = {}): string[] =>
  refusals({
    target: pod,
    owners: [replicaSet, deployment],
    namespace: 'shop',
    protectedNamespaces: ['kube-system'],
    protectedResources: [],
    ...over,
  }).map(({ guard }) => guard);

describe('guards', () => {
  test('have no objection to an ordinary object', () => {
    expect(chain()).toEqual([]);
  });

  test('refuse every object of a protected namespace', () => {
    expect(chain({ namespace: 'kube-system' })).toEqual(['protected-namespace']);
  });

  test.each([
    ['label', { labels: { 'kubeskippy.io/protected': 'true' } }],
    ['annotation', { annotations: { 'kubeskippy.io/protected': 'true' } }],
    ['opt-out', { annotations: { 'kubeskippy.io/healing-disabled': 'true' } }],
  ])('refuse an object with the %s, on it or on any of its controllers', (_name, meta) => {
    const marked = (name: string) => object('Deployment', name, meta);
    expect(chain({ target: marked('x'), owners: [] })).toEqual(['protected-object']);
    expect(chain({ owners: [replicaSet, marked('cart-db')] })).toEqual(['protected-object']);
  });

  test('a mark of another value protects nothing', () => {
    expect(chain({ target: object('Pod', 'p', { labels: { 'kubeskippy.io/protected': 'false' } }) })).toEqual([]);
  });

  test('all objections are told, not only the first', () => {
    const target = object('Pod', 'p', { labels: { 'kubeskippy.io/protected': 'true' } });
    expect(chain({ target, namespace: 'kube-system' })).toEqual(['protected-namespace', 'protected-object']);
  });
});

describe('safetyRules.protectedResources', () => {
  const refused = (rule: ProtectedResource): boolean =>
    chain({ protectedResources: [rule] }).includes('protected-resource');
  const pods = (excludeNames?: string[]): ProtectedResource => ({
    apiVersion: 'v1',
    kind: 'Pod',
    ...(excludeNames === undefined ? {} : { excludeNames }),
  });

  test('protects the names that it lists, which the guard once read as those it leaves out', () => {
    expect(refused(pods(['cart-db-1-x']))).toBe(true);
    expect(refused(pods(['another']))).toBe(false);
  });

  test('knows *, as the sample policies of old do', () => {
    expect(refused(pods(['cart-db-*']))).toBe(true);
    expect(refused(pods(['system-critical-*']))).toBe(false);
  });

  test.each([undefined, []])('protects the whole kind when it lists no names (%j)', (names) => {
    expect(refused(pods(names))).toBe(true);
  });

  test('protects what a protected controller controls', () => {
    expect(refused({ apiVersion: 'apps/v1', kind: 'Deployment', excludeNames: ['cart-db'] })).toBe(true);
  });

  test('compares groups, not versions, and never another kind', () => {
    expect(refused({ apiVersion: 'apps/v1beta1', kind: 'Deployment' })).toBe(true);
    expect(refused({ apiVersion: 'example.org/v1', kind: 'Deployment' })).toBe(false);
    expect(refused({ apiVersion: 'apps/v1', kind: 'StatefulSet' })).toBe(false);
  });
});
