import type { PatchAction } from '../../api/healing-action.ts';
import type { KubeObject } from '../../api/meta.ts';
import { canonical } from '../../domain/canonical.ts';
import { desiredState } from '../../domain/desired-state.ts';
import { StepError } from '../../errors.ts';
import type { ClusterReader, Preview } from '../../ports/cluster.ts';
import { obstacleTo } from './obstacle.ts';
import { readPatch } from './read-patch.ts';

/** What the API server would make of a patch, among what `gather` returns; no server has objects of this kind. */
export interface PatchPreview extends KubeObject {
  readonly kind: 'PatchPreview';
  /** The object that the patch was tried on. */
  readonly before: KubeObject;
  readonly outcome: Preview;
}

export const isPatchPreview = (object: KubeObject): object is PatchPreview => object.kind === 'PatchPreview';

const TRIES = 5;

/**
 * Has the API server try the patch without keeping it. What others write meanwhile must not look like a part of the
 * patch: the result is compared with the very state that it was made from.
 */
export async function previewPatch(
  cluster: ClusterReader,
  target: KubeObject,
  action: PatchAction,
): Promise<PatchPreview> {
  const { apiVersion = '', kind = '', metadata } = target;
  const at = { apiVersion, kind, namespace: metadata.namespace ?? '', name: metadata.name };
  let before = target;
  const found = (outcome: Preview): PatchPreview => ({ kind: 'PatchPreview', metadata, before, outcome });
  for (let tries = 0; tries < TRIES; tries++) {
    const read = readPatch(action, before);
    if (!read.readable) return found({ result: 'refused', message: read.message });
    const outcome = await cluster.preview(at, read.patch);
    if (outcome.result === 'refused')
      return found({ result: 'refused', message: obstacleTo(read.patch, before) ?? outcome.message });
    if (outcome.result === 'gone') return found(outcome);
    const version = outcome.object.metadata.resourceVersion;
    if (version === before.metadata.resourceVersion) return found(outcome);
    const now = await cluster.get(at);
    if (now?.metadata.uid !== metadata.uid) return found({ result: 'gone' });
    const unchanged = canonical(desiredState(now)) === canonical(desiredState(before));
    if (now.metadata.resourceVersion === version) before = now;
    if (unchanged || before === now) return found(outcome);
    before = now;
  }
  throw new StepError(
    'Unavailable',
    `${kind} ${at.namespace}/${at.name} is changed so often that no patch of it can be tried`,
  );
}
