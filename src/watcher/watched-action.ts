import { FINALIZER } from '../api/constants.ts';
import type { HealingAction } from '../api/healing-action.ts';
import type { KubeObject, ObjectMeta } from '../api/meta.ts';
import { findCondition } from '../domain/condition.ts';
import { isTerminal } from '../domain/outcome.ts';
import type { ObjectRef } from '../domain/target-ref.ts';
import type { ActionSummary } from '../ports/workflow-starter.ts';

/** What the watcher keeps of a HealingAction. */
export interface WatchedAction extends KubeObject {
  readonly metadata: Pick<ObjectMeta, 'name' | 'namespace' | 'uid' | 'resourceVersion' | 'deletionTimestamp'>;
  readonly summary: ActionSummary;
  /** The action has ended; its workflow is never started again. */
  readonly terminal: boolean;
  /** Its workflow, or the watcher, has said something about its acceptance. */
  readonly accepted: boolean;
  readonly held: boolean;
  /** Changes whenever `spec.approval` does; undefined without an approval. */
  readonly approval?: string;
}

export function projectAction(raw: KubeObject): WatchedAction {
  const action = raw as HealingAction; // the watch's scope says so, and the API server keeps to its schema
  const { name, namespace = '', uid, resourceVersion, deletionTimestamp, finalizers = [] } = action.metadata;
  const { spec, status } = action;
  const { apiVersion: _, ...target } = { namespace, ...spec.targetResource };
  return {
    metadata: {
      name,
      namespace,
      uid,
      resourceVersion,
      ...(deletionTimestamp === undefined ? {} : { deletionTimestamp }),
    },
    summary: {
      line: `${spec.action.type} ${target.kind} ${target.namespace}/${target.name}`,
      policy: `${spec.policyRef.namespace}/${spec.policyRef.name}`,
      targetNamespace: target.namespace,
      target: `${target.kind}/${target.namespace}/${target.name}`,
      action: spec.action.type,
    },
    terminal: isTerminal(status?.conditions),
    accepted: findCondition(status?.conditions, 'Accepted') !== undefined,
    held: finalizers.includes(FINALIZER),
    ...(spec.approval === undefined ? {} : { approval: JSON.stringify(spec.approval) }),
  };
}

export const refOf = ({ metadata: { namespace = '', name, uid } }: WatchedAction): ObjectRef => ({
  namespace,
  name,
  uid,
});
