import type { KubeObject } from '../api/meta.ts';
import type { Pod } from '../api/workloads.ts';
import { targetRefOf } from '../domain/selection.ts';
import { describeTarget } from '../domain/target-ref.ts';

export const isPod = (object: KubeObject): object is Pod => object.kind === 'Pod';

/** For people. */
export const named = (object: KubeObject): string => describeTarget(targetRefOf(object));
