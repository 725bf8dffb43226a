import { describe, expect, test } from '@jest/globals';
import type { KubeObject } from '../../../src/api/meta.ts';
import { controllerOf, ownerChain } from '../../../src/domain/owner-chain.ts';
import { controlledBy, object } from '../../support/objects.ts';

const deployment = object('Deployment', 'web');
const replicaSet = object('ReplicaSet', 'web-1', { owner: deployment });
const pod = object('Pod', 'web-1-a', { owner: replicaSet });

const lookup =
  (...known: readonly KubeObject[]) =>
  ({ name, kind }: { readonly name: string; readonly kind: string }) =>
    known.find((candidate) => candidate.kind === kind && candidate.metadata.name === name);
const names = (chain: readonly KubeObject[]): string[] =>
  chain.map(({ kind, metadata }) => `${kind ?? ''} ${metadata.name}`);

describe('ownerChain', () => {
  test('is the object and its controllers, nearest first', () => {
    expect(names(ownerChain(pod, lookup(replicaSet, deployment)))).toEqual([
      'Pod web-1-a',
      'ReplicaSet web-1',
      'Deployment web',
    ]);
  });

  test('of an object without a controller is the object', () => {
    expect(names(ownerChain(deployment, lookup()))).toEqual(['Deployment web']);
  });

  test('ends at an unknown controller, which can be told from a whole chain', () => {
    const chain = ownerChain(pod, lookup(deployment));
    expect(names(chain)).toEqual(['Pod web-1-a']);
    expect(controllerOf(chain.at(-1) ?? pod)?.name).toBe('web-1');
  });

  test('does not take a namesake of the controller for it', () => {
    const namesake = object('ReplicaSet', 'web-1', { uid: 'made-later' });
    expect(names(ownerChain(pod, lookup(namesake)))).toEqual(['Pod web-1-a']);
  });

  test('looks in the namespace of the object that has the owner', () => {
    const asked: (string | undefined)[] = [];
    ownerChain(pod, (_owner, namespace) => {
      asked.push(namespace);
      return undefined;
    });
    expect(asked).toEqual(['shop']);
  });

  test('follows the controller only, not other owners', () => {
    const other = { ...controlledBy(deployment), controller: false };
    const owned = object('Pod', 'p', { ownerReferences: [other] });
    expect(controllerOf(owned)).toBeUndefined();
    expect(names(ownerChain(owned, lookup(deployment)))).toEqual(['Pod p']);
  });

  test('ends for owners that form a ring', () => {
    const a = object('A', 'a', { ownerReferences: [controlledBy(object('B', 'b'))] });
    const b = object('B', 'b', { ownerReferences: [controlledBy(a)] });
    expect(names(ownerChain(a, lookup(a, b)))).toEqual(['A a', 'B b']);
  });

  test('ends for a chain without an end', () => {
    const chain = ownerChain(object('L', '0', { ownerReferences: [controlledBy(object('L', '1'))] }), ({ name }) =>
      object('L', name, { ownerReferences: [controlledBy(object('L', String(Number(name) + 1)))] }),
    );
    expect(chain).toHaveLength(6);
  });
});
