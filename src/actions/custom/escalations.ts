import type { PodTemplateSpec } from '../../api/workloads.ts';

type Json = Readonly<Record<string, unknown>>;
const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const items = (value: unknown): readonly Json[] => (Array.isArray(value) ? value.filter(isObject) : []);
const at = (value: Json, ...path: readonly string[]): unknown =>
  path.reduce<unknown>((inner, key) => (isObject(inner) ? inner[key] : undefined), value);
const isFilled = (value: unknown): boolean => Array.isArray(value) && value.length > 0;

/** Of a pod: where it may reach what is not its own. */
const POD: readonly (readonly [what: string, found: (pod: Json) => boolean])[] = [
  ['hostNetwork', (pod) => pod['hostNetwork'] === true],
  ['hostPID', (pod) => pod['hostPID'] === true],
  ['hostIPC', (pod) => pod['hostIPC'] === true],
  ['nodeName', (pod) => pod['nodeName'] !== undefined && pod['nodeName'] !== ''],
  ['a hostPath volume', (pod) => items(pod['volumes']).some(({ hostPath }) => hostPath !== undefined)],
  ['sysctls', (pod) => isFilled(at(pod, 'securityContext', 'sysctls'))],
  [
    'a serviceAccountName other than default',
    (pod) =>
      [pod['serviceAccountName'], pod['serviceAccount']].some(
        (name) => name !== undefined && name !== '' && name !== 'default',
      ),
  ],
];

/** Of a pod or a container: what a security context may loosen. */
const LOOSENED: readonly (readonly [what: string, found: (context: Json) => boolean])[] = [
  ['privileged', (context) => context['privileged'] === true],
  ['added capabilities', (context) => isFilled(at(context, 'capabilities', 'add'))],
  ['procMount', (context) => context['procMount'] !== undefined && context['procMount'] !== 'Default'],
  ['an unconfined seccomp profile', (context) => at(context, 'seccompProfile', 'type') === 'Unconfined'],
  ['an unconfined AppArmor profile', (context) => at(context, 'appArmorProfile', 'type') === 'Unconfined'],
  ['hostProcess', (context) => at(context, 'windowsOptions', 'hostProcess') === true],
];

/**
 * What a pod of this template could do beyond what a pod of its namespace may do anyway: near the Pod Security Standard
 * "baseline", and no identity but the default one. Empty when nothing.
 */
export function escalations({ spec }: PodTemplateSpec): readonly string[] {
  const pod: Json = { ...spec };
  const containers = ['containers', 'initContainers', 'ephemeralContainers'].flatMap((field) => items(pod[field]));
  const contexts = [pod, ...containers].map((one) => one['securityContext']).filter(isObject);
  return [
    ...POD.filter(([, found]) => found(pod)).map(([what]) => what),
    ...LOOSENED.filter(([, found]) => contexts.some(found)).map(([what]) => what),
    ...(containers.some(({ ports }) => items(ports).some(({ hostPort }) => Number(hostPort ?? 0) > 0))
      ? ['a hostPort']
      : []),
  ];
}
