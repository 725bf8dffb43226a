import { nameOf, type Guard } from './guard.ts';
import type { KubeObject } from '../../api/meta.ts';

export const PROTECTED_KEY = 'kubeskippy.io/protected';
export const DISABLED_KEY = 'kubeskippy.io/healing-disabled';

function mark(object: KubeObject): string | undefined {
  if (object.metadata.labels?.[PROTECTED_KEY] === 'true') return `label ${PROTECTED_KEY}=true`;
  if (object.metadata.annotations?.[PROTECTED_KEY] === 'true') return `annotation ${PROTECTED_KEY}=true`;
  if (object.metadata.annotations?.[DISABLED_KEY] === 'true') return `annotation ${DISABLED_KEY}=true`;
  return undefined;
}

/** The target or one of its controllers carries a protection mark. */
export const protectedObject: Guard = ({ target, owners }) => {
  for (const object of [target, ...owners]) {
    const found = mark(object);
    if (found !== undefined) return `${nameOf(object)} has ${found}; remove it to allow healing`;
  }
  return undefined;
};
