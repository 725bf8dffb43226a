import { describe, expect, test } from '@jest/globals';
import { fromManifest, keptManifest } from '../../../src/actions/kept-manifest.ts';
import type { KubeObject } from '../../../src/api/meta.ts';
import { object } from '../../support/objects.ts';

/** As the API server shows it. */
const pod = {
  ...object('Pod', 'runner', {
    labels: { app: 'runner' },
    annotations: {
      team: 'a',
      'kubeskippy.io/applied-1': 'execute-1',
      'kubectl.kubernetes.io/last-applied-configuration': '{}',
    },
    finalizers: ['example.org/backup'],
    ownerReferences: [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'a', uid: 'b' }],
    creationTimestamp: '2026-01-01T00:00:00Z',
  }),
  spec: {
    nodeName: 'node-1',
    ephemeralContainers: [{ name: 'debug' }],
    restartPolicy: 'Always',
    volumes: [
      { name: 'data', emptyDir: {} },
      { name: 'kube-api-access-x2v', projected: {} },
    ],
    initContainers: [{ name: 'prepare', image: 'web:1' }],
    containers: [
      {
        name: 'app',
        image: 'web:1',
        env: [
          { name: 'LEVEL', value: 'debug' },
          { name: 'DB_PASSWORD', valueFrom: { secretKeyRef: { name: 'db', key: 'password' } } },
        ],
        volumeMounts: [
          { name: 'data', mountPath: '/data' },
          { name: 'kube-api-access-x2v', mountPath: '/var/run/secrets/kubernetes.io/serviceaccount' },
        ],
      },
    ],
  },
  status: { phase: 'Running' },
};

const kept = (live: KubeObject): unknown => {
  const result = keptManifest(live);
  if (result.result === 'refused') throw new Error(result.message);
  return JSON.parse(result.manifest);
};

describe('a kept manifest', () => {
  test('is what a person would have applied: no identity, owner, place, status or token', () => {
    expect(kept(pod)).toEqual({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        name: 'runner',
        namespace: 'shop',
        labels: { app: 'runner' },
        annotations: { team: 'a' },
        finalizers: ['example.org/backup'],
      },
      spec: {
        restartPolicy: 'Always',
        volumes: [{ name: 'data', emptyDir: {} }],
        initContainers: [{ name: 'prepare', image: 'web:1' }],
        containers: [{ ...pod.spec.containers[0], volumeMounts: [{ name: 'data', mountPath: '/data' }] }],
      },
    });
  });

  test('has the same text whatever order the fields came in', () => {
    const { spec, metadata, ...rest } = pod;
    expect(keptManifest({ ...rest, spec, metadata } as KubeObject)).toEqual(keptManifest(pod));
  });

  test('leaves the spec of a workload as it is, but for the status of its claims', () => {
    const spec = { replicas: 2, selector: {}, template: { spec: { containers: [], nodeName: 'mine' } } };
    const volumeClaimTemplates = [{ metadata: { name: 'data' }, spec: {}, status: { phase: 'Pending' } }];
    const set = { ...object('StatefulSet', 'db'), spec: { ...spec, volumeClaimTemplates } };
    expect(kept(set)).toMatchObject({
      spec: { ...spec, volumeClaimTemplates: [{ metadata: { name: 'data' }, spec: {} }] },
    });
    expect(JSON.stringify(kept(set))).not.toContain('status');
  });

  test.each(['DB_PASSWORD', 'apiKey', 'GITHUB_TOKEN', 'CLIENT_SECRET'])('never holds the value of %s', (name) => {
    const containers = [{ name: 'app', env: [{ name, value: 's3cr3t' }] }];
    const live = { ...object('Deployment', 'cart'), spec: { template: { spec: { containers } } } };
    const result = keptManifest(live);
    expect(result).toMatchObject({ result: 'refused', message: expect.stringContaining(name) });
    expect(JSON.stringify(result)).not.toContain('s3cr3t');
  });

  test('is refused when it is longer than a plan can hold, never cut', () => {
    const live = { ...object('Deployment', 'cart', { annotations: { long: 'x'.repeat(8_192) } }), spec: {} };
    expect(keptManifest(live)).toMatchObject({ result: 'refused', message: expect.stringContaining('8192') });
  });

  test('becomes an object with the mark of who makes it', () => {
    const result = keptManifest(pod);
    const made = fromManifest(result.result === 'kept' ? result.manifest : '{}', ['kubeskippy.io/x', 'rollback-1']);
    expect(made.metadata.annotations).toEqual({ team: 'a', 'kubeskippy.io/x': 'rollback-1' });
    expect(made.metadata).not.toHaveProperty('uid');
  });
});
