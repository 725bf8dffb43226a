import { describe, expect, test } from '@jest/globals';
import { parseLabelSelector } from '../../../../src/local/kubelet/label-selector.ts';
import { answerMetricsApi } from '../../../../src/local/kubelet/metrics-api.ts';
import type { ContainerUsage } from '../../../../src/local/kubelet/usage-history.ts';
import { NOW } from './fixtures.ts';

const usage = (pod: string, container: string, app: string, namespace = 'default'): ContainerUsage => ({
  namespace,
  pod,
  container,
  labels: { app },
  memoryBytes: 64 * 2 ** 20,
  cpuSeconds: 3,
  cpuCores: 0.25,
  windowMs: 8000,
  at: NOW,
});
const usages = [
  usage('a', 'one', 'shop'),
  usage('a', 'two', 'shop'),
  usage('b', 'one', 'db'),
  usage('c', 'one', 'shop', 'other'),
];
const node = { name: 'n', usage: () => ({ cpuCores: 1.5, memoryBytes: 2 ** 30 }) };
const ask = (path: string) =>
  answerMetricsApi(new URL(`https://n/apis/metrics.k8s.io${path}`), { current: () => usages }, node);
const names = (path: string): unknown[] =>
  (ask(path)?.body as { items: { metadata: { name: string } }[] }).items.map(({ metadata }) => metadata.name);

describe('metrics.k8s.io', () => {
  test('discovery', () => {
    expect(ask('')?.body).toMatchObject({ kind: 'APIGroup', name: 'metrics.k8s.io' });
    expect(ask('/v1beta1')?.body).toMatchObject({
      resources: [
        { name: 'nodes', namespaced: false },
        { name: 'pods', namespaced: true },
      ],
    });
  });
  test('lists pods of all, of one namespace, of a selector', () => {
    expect(names('/v1beta1/pods')).toEqual(['a', 'b', 'c']);
    expect(names('/v1beta1/namespaces/default/pods')).toEqual(['a', 'b']);
    expect(names('/v1beta1/pods?labelSelector=app%3Dshop')).toEqual(['a', 'c']);
  });
  test('one pod with each of its containers', () => {
    expect(ask('/v1beta1/namespaces/default/pods/a')?.body).toMatchObject({
      kind: 'PodMetrics',
      timestamp: '2030-01-01T00:01:00Z',
      window: '8.000s',
      containers: [
        { name: 'one', usage: { cpu: '250000000n', memory: '65536Ki' } },
        { name: 'two', usage: { cpu: '250000000n', memory: '65536Ki' } },
      ],
    });
  });
  test('the node', () => {
    expect(ask('/v1beta1/nodes/n')?.body).toMatchObject({
      kind: 'NodeMetrics',
      usage: { cpu: '1500000000n', memory: '1048576Ki' },
    });
  });
  test('what there is not, and what is not its own', () => {
    expect(ask('/v1beta1/namespaces/default/pods/zz')).toMatchObject({ status: 404, body: { reason: 'NotFound' } });
    expect(ask('/v1beta1/services')?.status).toBe(404);
    expect(ask('/v1beta1/pods?labelSelector=a%3D%3D%3Db')?.status).toBe(400);
    expect(answerMetricsApi(new URL('https://n/containerLogs/a/b/c'), { current: () => usages }, node)).toBeUndefined();
  });
});

describe('label selectors', () => {
  test.each([
    ['', true],
    ['app=shop', true],
    ['app==shop,tier=web', true],
    ['app!=shop', false],
    ['missing!=x', true],
    ['app', true],
    ['!app', false],
    ['!missing', true],
    ['app in (db, shop),tier', true],
    ['app notin (db,shop)', false],
    ['missing notin (x)', true],
    ['toString', false],
  ])('%j', (selector, matches) => {
    expect(parseLabelSelector(selector)?.({ app: 'shop', tier: 'web' })).toBe(matches);
  });
  test.each(['=x', 'a=b=c', 'a in b', 'a,,b', 'a b'])('%j is malformed', (selector) => {
    expect(parseLabelSelector(selector)).toBeUndefined();
  });
});
