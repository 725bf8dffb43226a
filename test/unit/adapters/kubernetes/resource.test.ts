import { describe, expect, test } from '@jest/globals';
import { apiVersionOf, pathOf, resourceOf, resources } from '../../../../src/adapters/kubernetes/resource.ts';

describe('the path of an object', () => {
  test.each([
    [resources.pods, {}, '/api/v1/pods'],
    [resources.pods, { namespace: 'shop' }, '/api/v1/namespaces/shop/pods'],
    [
      resources.pods,
      { namespace: 'shop', name: 'p', subresource: 'eviction' },
      '/api/v1/namespaces/shop/pods/p/eviction',
    ],
    [resources.deployments, { namespace: 'shop', name: 'cart' }, '/apis/apps/v1/namespaces/shop/deployments/cart'],
    [resources.nodes, { namespace: 'shop', name: 'n1' }, '/api/v1/nodes/n1'],
    [
      resources.healingActions,
      { namespace: 'shop', name: 'a', subresource: 'status' },
      '/apis/kubeskippy.io/v1alpha1/namespaces/shop/healingactions/a/status',
    ],
  ] as const)('%#', (resource, at, path) => {
    expect(pathOf(resource, at)).toBe(path);
  });

  test.each(['', '.', '..', 'a/b', 'a\\b', '%2e%2e', 'a?b', 'a#b', 'a b', 'x'.repeat(254)])(
    'refuses the name %j, in every place',
    (name) => {
      expect(() => pathOf(resources.pods, { namespace: 'shop', name })).toThrow('not a valid Kubernetes name');
      expect(() => pathOf(resources.pods, { namespace: name, name: 'p' })).toThrow('not a valid Kubernetes name');
      expect(() => pathOf(resources.pods, { namespace: 'shop', name: 'p', subresource: name })).toThrow();
    },
  );

  test('never becomes that of the collection because the namespace is missing', () => {
    expect(() => pathOf(resources.pods, { name: 'p' })).toThrow('needs a namespace');
  });
});

describe('a kind', () => {
  test('is known by its API version and kind, and by nothing else', () => {
    for (const resource of Object.values(resources))
      expect(resourceOf(apiVersionOf(resource), resource.kind)).toBe(resource);
    expect(resourceOf('v1', 'Deployment')).toBeUndefined();
    expect(resourceOf('v1', 'Secret')).toBeUndefined();
  });
});
