import type { PodTemplateSpec } from '../../api/workloads.ts';
import { isJsonObject, objectsIn, valueAt, type JsonObject } from '../../domain/object-path.ts';

const isFilled = (value: unknown): boolean => Array.isArray(value) && value.length > 0;

/** Of a pod: where it may reach what is not its own. */
const POD: readonly (readonly [what: string, found: (pod: JsonObject) => boolean])[] = [
  ['hostNetwork', (pod) => pod['hostNetwork'] === true],
  ['hostPID', (pod) => pod['hostPID'] === true],
  ['hostIPC', (pod) => pod['hostIPC'] === true],
  ['nodeName', (pod) => pod['nodeName'] !== undefined && pod['nodeName'] !== ''],
  ['a hostPath volume', (pod) => objectsIn(pod['volumes']).some(({ hostPath }) => hostPath !== undefined)],
  ['sysctls', (pod) => isFilled(valueAt(pod, ['securityContext', 'sysctls']))],
  [
    'a serviceAccountName other than default',
    (pod) =>
      [pod['serviceAccountName'], pod['serviceAccount']].some(
        (name) => name !== undefined && name !== '' && name !== 'default',
      ),
  ],
];

/** Of a pod or a container: what a security context may loosen. */
const LOOSENED: readonly (readonly [what: string, found: (context: JsonObject) => boolean])[] = [
  ['privileged', (context) => context['privileged'] === true],
  ['added capabilities', (context) => isFilled(valueAt(context, ['capabilities', 'add']))],
  ['procMount', (context) => context['procMount'] !== undefined && context['procMount'] !== 'Default'],
  ['an unconfined seccomp profile', (context) => valueAt(context, ['seccompProfile', 'type']) === 'Unconfined'],
  ['an unconfined AppArmor profile', (context) => valueAt(context, ['appArmorProfile', 'type']) === 'Unconfined'],
  ['hostProcess', (context) => valueAt(context, ['windowsOptions', 'hostProcess']) === true],
];

/**
 * What a pod of this template could do beyond what a pod of its namespace may do anyway: near the Pod Security Standard
 * "baseline", and no identity but the default one. Empty when nothing.
 */
export function escalations({ spec }: PodTemplateSpec): readonly string[] {
  const pod: JsonObject = { ...spec };
  const containers = ['containers', 'initContainers', 'ephemeralContainers'].flatMap((field) => objectsIn(pod[field]));
  const contexts = [pod, ...containers].map((one) => one['securityContext']).filter(isJsonObject);
  return [
    ...POD.filter(([, found]) => found(pod)).map(([what]) => what),
    ...LOOSENED.filter(([, found]) => contexts.some(found)).map(([what]) => what),
    ...(containers.some(({ ports }) => objectsIn(ports).some(({ hostPort }) => Number(hostPort ?? 0) > 0))
      ? ['a hostPort']
      : []),
  ];
}
