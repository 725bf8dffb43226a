import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { LabelSelector, TargetSelector } from '../../../src/api/healing-policy.ts';
import { compileLabelSelector, compileSelection } from '../../../src/domain/selection.ts';
import { object } from '../../support/objects.ts';

const PODS = { apiVersion: 'v1', kind: 'Pod' };
const DEPLOYMENTS = { apiVersion: 'apps/v1', kind: 'Deployment' };
const REPLICA_SETS = { apiVersion: 'apps/v1', kind: 'ReplicaSet' };

const deployment = object('Deployment', 'web', { labels: { app: 'web' } });
const replicaSet = object('ReplicaSet', 'web-1', { owner: deployment, labels: { app: 'web', hash: '1' } });
const pod = object('Pod', 'web-1-a', { owner: replicaSet, labels: { app: 'web', hash: '1' } });
const chain = [pod, replicaSet, deployment];

const selection = (selector: TargetSelector, namespace = 'shop') => compileSelection(selector, namespace);
const candidates = (selector: TargetSelector): string[] =>
  selection(selector)
    .candidates(chain)
    .map(({ kind, name }) => `${kind} ${name}`);

describe('kinds', () => {
  test('an empty selector means the Pods of the policy’s namespace', () => {
    expect(selection({}).selects(pod)).toBe(true);
    expect(selection({ resources: [] }).selects(pod)).toBe(true);
    expect(selection({}).selects(deployment)).toBe(false);
  });

  test('only listed kinds are selected', () => {
    expect(selection({ resources: [DEPLOYMENTS] }).selects(deployment)).toBe(true);
    expect(selection({ resources: [DEPLOYMENTS] }).selects(pod)).toBe(false);
  });

  test('a kind counts with its group, whatever the version', () => {
    const beta = { ...DEPLOYMENTS, apiVersion: 'apps/v1beta2' };
    const other = { ...DEPLOYMENTS, apiVersion: 'example.com/v1' };
    expect(selection({ resources: [beta] }).selects(deployment)).toBe(true);
    expect(selection({ resources: [other] }).selects(deployment)).toBe(false);
  });
});

describe('namespaces', () => {
  test('none means the policy’s own, never all', () => {
    expect(selection({}, 'other').selects(pod)).toBe(false);
    expect(selection({ namespaces: [] }, 'other').selects(pod)).toBe(false);
  });

  test('others are refused and not looked into', () => {
    const both = selection({ namespaces: ['shop', 'bank'] });
    expect(both.selects(pod)).toBe(true);
    expect(both.selects(object('Pod', 'p', { namespace: 'bank' }))).toBe(false);
    expect(both.refusedNamespaces).toEqual(['bank']);
  });

  test('a policy that names only others selects nothing', () => {
    const away = selection({ namespaces: ['bank'] });
    expect(away.selects(pod)).toBe(false);
    expect(away.selects(object('Pod', 'p', { namespace: 'bank' }))).toBe(false);
    expect(away.candidates(chain)).toEqual([]);
  });
});

describe('excluded names', () => {
  test('are exact, but for the star', () => {
    const excludes = (...excludeNames: string[]): boolean =>
      !selection({ resources: [{ ...PODS, excludeNames }] }).selects(pod);
    expect(excludes('web-1-a')).toBe(true);
    expect(excludes('web-1')).toBe(false);
    expect(excludes('web-*')).toBe(true);
    expect(excludes('db-*', 'db')).toBe(false);
  });

  test('of several filters for one kind all count', () => {
    const twice = { resources: [PODS, { ...PODS, excludeNames: ['web-1-a'] }] };
    expect(selection(twice).selects(pod)).toBe(false);
    expect(selection({ resources: twice.resources.toReversed() }).selects(pod)).toBe(false);
  });
});

describe('candidates', () => {
  test('are the selected members of the chain, nearest first, with their identity', () => {
    expect(candidates({ resources: [DEPLOYMENTS, PODS] })).toEqual(['Pod web-1-a', 'Deployment web']);
    expect(candidates({ resources: [DEPLOYMENTS] })).toEqual(['Deployment web']);
    expect(candidates({ resources: [REPLICA_SETS, DEPLOYMENTS] })).toEqual(['ReplicaSet web-1', 'Deployment web']);
    expect(candidates({ resources: [{ apiVersion: 'apps/v1', kind: 'StatefulSet' }] })).toEqual([]);
    expect(selection({}).candidates(chain)).toEqual([
      { apiVersion: 'v1', kind: 'Pod', namespace: 'shop', name: 'web-1-a', uid: 'uid-pod-web-1-a' },
    ]);
  });

  test('labels count for each member by itself', () => {
    expect(candidates({ resources: [PODS, DEPLOYMENTS], labelSelector: { matchLabels: { hash: '1' } } })).toEqual([
      'Pod web-1-a',
    ]);
  });

  test('below a workload that is left out by name there are none', () => {
    const withoutWeb = { ...DEPLOYMENTS, excludeNames: ['web'] };
    expect(candidates({ resources: [PODS, REPLICA_SETS, withoutWeb] })).toEqual([]);
  });

  test('leaving out a Pod by name leaves its workload', () => {
    expect(candidates({ resources: [{ ...PODS, excludeNames: ['web-1-a'] }, DEPLOYMENTS] })).toEqual([
      'Deployment web',
    ]);
  });
});

describe('label selectors', () => {
  const matches = (selector: LabelSelector | undefined, labels: Record<string, string>): boolean =>
    compileLabelSelector(selector)(labels);
  const rule = (operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist', ...values: string[]): LabelSelector => ({
    matchExpressions: [{ key: 'tier', operator, ...(values.length === 0 ? {} : { values }) }],
  });

  test.each([
    [rule('In', 'a', 'b'), { tier: 'b' }, true],
    [rule('In', 'a', 'b'), { tier: 'c' }, false],
    [rule('In', 'a', 'b'), {}, false],
    [rule('In'), { tier: 'a' }, false],
    [rule('NotIn', 'a'), { tier: 'a' }, false],
    [rule('NotIn', 'a'), { tier: 'b' }, true],
    [rule('NotIn', 'a'), {}, true],
    [rule('Exists'), { tier: '' }, true],
    [rule('Exists'), {}, false],
    [rule('DoesNotExist'), {}, true],
    [rule('DoesNotExist'), { tier: 'a' }, false],
    [undefined, {}, true],
    [{}, { tier: 'a' }, true],
    [{ matchLabels: {}, matchExpressions: [] }, {}, true],
    [{ matchLabels: { tier: 'a' } }, { tier: 'a', app: 'x' }, true],
    [{ matchLabels: { tier: 'a', app: 'y' } }, { tier: 'a', app: 'x' }, false],
    [{ matchLabels: { app: 'x' }, ...rule('In', 'b') }, { tier: 'a', app: 'x' }, false],
  ])('%j against %j: %p', (selector, labels, expected) => {
    expect(matches(selector, labels)).toBe(expected);
  });

  test('a label that every JavaScript object seems to have is not there', () => {
    const constructor: LabelSelector = { matchExpressions: [{ key: 'constructor', operator: 'Exists' }] };
    expect(matches(constructor, {})).toBe(false);
  });

  test('an operator that is not known selects nothing', () => {
    const strange = { matchExpressions: [{ key: 'tier', operator: 'Near' }] } as unknown as LabelSelector; // a later schema
    expect(matches(strange, { tier: 'a' })).toBe(false);
  });

  const labels = fc.dictionary(fc.constantFrom('a', 'b', 'c'), fc.constantFrom('1', '2'), { noNullPrototype: true });
  const requirement = fc.record({
    key: fc.constantFrom('a', 'b', 'c'),
    operator: fc.constantFrom('In' as const, 'NotIn' as const, 'Exists' as const, 'DoesNotExist' as const),
    values: fc.subarray(['1', '2']),
  });

  test('more requirements never select more', () => {
    fc.assert(
      fc.property(labels, fc.array(requirement, { maxLength: 4 }), requirement, (given, some, one) => {
        if (matches({ matchExpressions: [...some, one] }, given))
          expect(matches({ matchExpressions: some }, given)).toBe(true);
      }),
    );
  });

  test('In and NotIn with the same values never agree; neither do Exists and DoesNotExist', () => {
    fc.assert(
      fc.property(labels, requirement, (given, { key, values }) => {
        const ask = (operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist'): boolean =>
          matches({ matchExpressions: [{ key, operator, values }] }, given);
        expect(ask('In')).not.toBe(ask('NotIn'));
        expect(ask('Exists')).not.toBe(ask('DoesNotExist'));
      }),
    );
  });
});

test('selecting is monotone: more kinds select more, more exclusions less, and candidates are always selected', () => {
  const filter = fc.record({
    apiVersion: fc.constant('apps/v1'),
    kind: fc.constantFrom('ReplicaSet', 'Deployment', 'StatefulSet'),
  });
  const names = (selector: TargetSelector): string[] => candidates(selector);
  fc.assert(
    fc.property(fc.array(filter, { minLength: 1, maxLength: 4 }), filter, (some, more) => {
      const fewer = names({ resources: some });
      expect(names({ resources: [...some, more] })).toEqual(expect.arrayContaining(fewer));
      const excluded = names({ resources: some.map((each) => ({ ...each, excludeNames: ['web'] })) });
      expect(fewer).toEqual(expect.arrayContaining(excluded));
      const chosen = selection({ resources: some });
      for (const { uid } of chosen.candidates(chain))
        expect(chosen.selects(chain.find(({ metadata }) => metadata.uid === uid) ?? pod)).toBe(true);
    }),
  );
});
