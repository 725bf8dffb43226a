import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { KubeObject } from '../../../src/api/meta.ts';
import { Inventory } from '../../../src/detector/inventory.ts';
import { controlledBy, object } from '../../support/objects.ts';

const deployment = object('Deployment', 'web');
const replicaSet = object('ReplicaSet', 'web-1', { owner: deployment });
const pod = object('Pod', 'web-1-a', { owner: replicaSet });
const names = (objects: Iterable<KubeObject>): string[] => [...objects].map(({ metadata }) => metadata.name);

const inventoryOf = (...objects: readonly KubeObject[]): Inventory<KubeObject> => {
  const inventory = new Inventory<KubeObject>();
  for (const each of objects) inventory.put(each);
  return inventory;
};

describe('below', () => {
  test('are all that an object controls, directly or not', () => {
    expect(names(inventoryOf(pod, replicaSet, deployment).below(deployment.metadata.uid))).toEqual([
      'web-1',
      'web-1-a',
    ]);
  });

  test('is known before the controller itself is', () => {
    expect(names(inventoryOf(pod).below(replicaSet.metadata.uid))).toEqual(['web-1-a']);
  });

  test('follows a change of the controller', () => {
    const inventory = inventoryOf(pod, replicaSet);
    inventory.put(object('Pod', 'web-1-a')); // released
    expect(names(inventory.below(replicaSet.metadata.uid))).toEqual([]);
  });

  test('ends for owners that form a ring', () => {
    const a = object('A', 'a', { ownerReferences: [controlledBy(object('B', 'b'))] });
    const b = object('B', 'b', { ownerReferences: [controlledBy(a)] });
    expect(new Set(names(inventoryOf(a, b).below(a.metadata.uid)))).toEqual(new Set(['a', 'b']));
  });
});

test('a namespace lists its own objects only', () => {
  const inventory = inventoryOf(pod, object('Pod', 'x', { namespace: 'bank' }));
  expect(names(inventory.inNamespace('shop'))).toEqual(['web-1-a']);
  expect(names(inventory.inNamespace('nowhere'))).toEqual([]);
});

test('what was put and removed in any order leaves nothing', () => {
  fc.assert(
    fc.property(
      fc.shuffledSubarray([pod, replicaSet, deployment], { minLength: 3 }),
      fc.shuffledSubarray([pod, replicaSet, deployment], { minLength: 3 }),
      (come, go) => {
        const inventory = inventoryOf(...come, ...come);
        expect(names(inventory.chainOf(pod))).toEqual(['web-1-a', 'web-1', 'web']);
        for (const { metadata } of go) inventory.remove(metadata.uid);
        expect(inventory.size).toBe(0);
        for (const { metadata } of come) expect(names(inventory.below(metadata.uid))).toEqual([]);
        expect(names(inventory.inNamespace('shop'))).toEqual([]);
      },
    ),
  );
});
