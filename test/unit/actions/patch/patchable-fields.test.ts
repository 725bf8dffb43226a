import { describe, expect, test } from '@jest/globals';
import { judge, selectorKeysOf } from '../../../../src/actions/patch/patchable-fields.ts';
import { parsePointer } from '../../../../src/domain/object-path.ts';
import { object } from '../../../support/objects.ts';

const rules = { kind: 'Deployment', allowPaths: [] as string[], selectorKeys: new Set(['app']) };
const may = (path: string, over: Partial<typeof rules> = {}): string =>
  judge(parsePointer(path), { ...rules, ...over }).may;

const CONTAINER = '/spec/template/spec/containers/app';

describe('a field', () => {
  test.each([
    '/metadata/annotations/example.org~1note',
    '/metadata/labels/app',
    '/metadata/labels/app.kubernetes.io~1version',
    '/spec/paused',
    '/spec/minReadySeconds',
    '/spec/progressDeadlineSeconds',
    '/spec/revisionHistoryLimit',
    '/spec/strategy/rollingUpdate/maxSurge',
    '/spec/template/metadata/labels/tier',
    '/spec/template/metadata/annotations/example.org~1note',
    '/spec/template/spec/terminationGracePeriodSeconds',
    `${CONTAINER}/resources/limits/memory`,
    `${CONTAINER}/resources/requests/cpu`,
    `${CONTAINER}/livenessProbe/initialDelaySeconds`,
    `${CONTAINER}/startupProbe/failureThreshold`,
    '/spec/template/spec/initContainers/wait/resources/limits/memory',
  ])('may be changed: %s', (path) => {
    expect(may(path)).toBe('change');
  });

  test.each([
    `${CONTAINER}/env/LEVEL/value`,
    `${CONTAINER}/env/LEVEL/name`,
    `${CONTAINER}/readinessProbe/httpGet/path`,
    `${CONTAINER}/imagePullPolicy`,
    '/spec/template/spec/nodeSelector/disk',
    '/spec/template/spec/tolerations/0/key',
    '/metadata/annotations/cluster-autoscaler.kubernetes.io~1safe-to-evict',
  ])('may be changed if the policy allows it: %s', (path) => {
    expect(judge(parsePointer(path), rules)).toMatchObject({ why: expect.stringContaining('patchAction.allowPaths') });
    expect(may(path, { allowPaths: [path] })).toBe('change');
    expect(may(path, { allowPaths: [path.split('/').slice(0, -1).join('/')] })).toBe('change');
    expect(may(path, { allowPaths: [`${path}x`, `${path}/deeper`, '/spec/other'] })).toBe('not');
  });

  test('may be changed with approval only: the image, whatever the policy allows', () => {
    expect(may(`${CONTAINER}/image`)).toBe('change with approval');
    expect(may(`${CONTAINER}/image`, { allowPaths: ['/*'] })).toBe('change with approval');
    // The names of a list's items are the author's to choose.
    for (const name of ['labels', 'annotations', 'limits'])
      expect(may(`/spec/template/spec/containers/${name}/image`)).toBe('change with approval');
  });

  test.each([
    '/metadata/name',
    '/metadata/namespace',
    '/metadata/uid',
    '/metadata/ownerReferences/0/uid',
    '/metadata/finalizers',
    '/metadata/annotations',
    '/metadata/annotations/kubeskippy.io~1protected',
    '/metadata/annotations/kubeskippy.io~1applied-x',
    '/metadata/annotations/sub.kubeskippy.io~1x',
    '/metadata/labels/kubeskippy.io~1protected',
    '/metadata/labels/pod-template-hash',
    '/metadata/annotations/deployment.kubernetes.io~1revision',
    '/spec/template/metadata/annotations/container.apparmor.security.beta.kubernetes.io~1app',
    '/spec/template/metadata/annotations/seccomp.security.alpha.kubernetes.io~1pod',
    '/spec/replicas',
    '/spec/selector/matchLabels/app',
    '/spec/template/metadata/labels/app',
    '/spec/template/spec/serviceAccountName',
    '/spec/template/spec/serviceAccount',
    '/spec/template/spec/automountServiceAccountToken',
    '/spec/template/spec/securityContext/runAsUser',
    '/spec/template/spec/hostNetwork',
    '/spec/template/spec/hostPID',
    '/spec/template/spec/hostIPC',
    '/spec/template/spec/hostUsers',
    '/spec/template/spec/hostAliases/0/ip',
    '/spec/template/spec/nodeName',
    '/spec/template/spec/priorityClassName',
    '/spec/template/spec/runtimeClassName',
    '/spec/template/spec/shareProcessNamespace',
    '/spec/template/spec/imagePullSecrets/x/name',
    '/spec/template/spec/volumes/data/hostPath/path',
    '/spec/template/spec/volumes/data/secret/secretName',
    '/spec/template/spec/ephemeralContainers/x/image',
    '/spec/template/spec/containers',
    '/spec/template/spec/containers/new/name',
    `${CONTAINER}/name`,
    `${CONTAINER}/command`,
    `${CONTAINER}/args`,
    `${CONTAINER}/securityContext/privileged`,
    `${CONTAINER}/volumeMounts/data/mountPath`,
    `${CONTAINER}/volumeDevices/data/devicePath`,
    `${CONTAINER}/envFrom/0/secretRef/name`,
    `${CONTAINER}/env/TOKEN/valueFrom/secretKeyRef/key`,
    `${CONTAINER}/env`,
    `${CONTAINER}/livenessProbe/exec/command`,
    `${CONTAINER}/livenessProbe/httpGet/host`,
    `${CONTAINER}/lifecycle/preStop/exec/command`,
    `${CONTAINER}/ports/http/hostPort`,
    `${CONTAINER}/resources/claims`,
    '/status/replicas',
    '/spec/aFieldOfTomorrow',
  ])('is never changed, whatever the policy allows: %s', (path) => {
    expect(may(path, { allowPaths: [path, '/*', '/spec', '/metadata'] })).toBe('not');
  });

  test.each<[string, string, string]>([
    ['StatefulSet', '/spec/updateStrategy/rollingUpdate/partition', 'change'],
    ['StatefulSet', '/spec/volumeClaimTemplates/data/spec', 'not'],
    ['StatefulSet', '/spec/persistentVolumeClaimRetentionPolicy/whenScaled', 'not'],
    ['StatefulSet', '/spec/paused', 'not'],
    ['DaemonSet', '/spec/updateStrategy/type', 'change'],
    ['DaemonSet', '/spec/strategy/type', 'not'],
    ['Pod', '/metadata/labels/tier', 'change'],
    ['Pod', '/metadata/labels/app', 'not'],
    ['Pod', '/spec/containers/app/image', 'not'],
    ['Secret', '/metadata/labels/tier', 'not'],
    ['constructor', '/metadata/labels/tier', 'not'],
  ])('of a %s: %s', (kind, path, expected) => {
    expect(may(path, { kind })).toBe(expected);
  });
});

test('the keys of a selector are those of its labels and of its expressions', () => {
  const workload = {
    ...object('Deployment', 'cart'),
    spec: { selector: { matchLabels: { app: 'x' }, matchExpressions: [{ key: 'tier', operator: 'Exists' }] } },
  };
  expect([...selectorKeysOf(workload)]).toEqual(['app', 'tier']);
  expect(selectorKeysOf(undefined).size).toBe(0);
});
