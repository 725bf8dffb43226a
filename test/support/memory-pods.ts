import { createHash } from 'node:crypto';
import type { DaemonSet, Pod, PodTemplateSpec, ReplicaSet, StatefulSet } from '../../src/api/workloads.ts';
import type { KubeObject } from '../../src/api/meta.ts';
import { canonical } from '../../src/domain/canonical.ts';
import type { MemoryApiServer, Raw } from './memory-api-server.ts';
import { controlledBy } from './objects.ts';

/** Whether the pods of a template never become Ready. */
export type IsBroken = (template: PodTemplateSpec) => boolean;

export const hashOf = (template: PodTemplateSpec): string =>
  createHash('sha256').update(canonical(template)).digest('hex').slice(0, 9);

/** The objects of this kind in the owner's namespace that it controls. */
export const ownedBy = (api: MemoryApiServer, kind: string, { metadata: { uid, namespace } }: KubeObject): Raw[] =>
  api
    .list(kind, namespace)
    .filter(({ metadata }) => metadata.ownerReferences?.some((owner) => owner.uid === uid) === true);

/** A pod of the owner's template, which is Ready at once or, of a broken template, never. */
export function makePod(
  api: MemoryApiServer,
  owner: ReplicaSet | StatefulSet | DaemonSet,
  { name, labels }: { readonly name: string; readonly labels: Readonly<Record<string, string>> },
  broken: boolean,
): void {
  const status: Pod['status'] = {
    phase: broken ? 'Pending' : 'Running',
    conditions: [{ type: 'Ready', status: broken ? 'False' : 'True' }],
    containerStatuses: [
      {
        name: 'app',
        restartCount: 0,
        ready: !broken,
        state: broken ? { waiting: { reason: 'ImagePullBackOff' } } : { running: {} },
      },
    ],
  };
  api.create({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: owner.metadata.namespace ?? '', labels, ownerReferences: [controlledBy(owner)] },
    spec: owner.spec.template.spec,
    status,
  });
}
