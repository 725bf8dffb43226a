import type { ActionTemplate } from '../api/healing-action.ts';
import type { ActionDefinition } from './define-action.ts';
import { custom } from './custom.ts';
import { deletion } from './delete.ts';
import { patch } from './patch.ts';
import { restart } from './restart.ts';
import { scale } from './scale.ts';
import { undo } from './undo.ts';

/** Every action that exists. A new one is one file and one line here. */
const registered: readonly ActionDefinition<never>[] = [custom, deletion, patch, restart, scale, undo];

/**
 * The definition for an action type, or undefined for a type that is not honoured yet. The caller checks the target
 * against `kinds` before it passes it on, which is what makes the wider target type safe.
 */
export const actionFor = (type: ActionTemplate['type']): ActionDefinition | undefined =>
  registered.find((definition) => definition.type === type);

export const supportsKind = (
  definition: ActionDefinition,
  target: { readonly apiVersion: string; readonly kind: string },
): boolean => definition.kinds.some((kind) => kind.apiVersion === target.apiVersion && kind.kind === target.kind);
