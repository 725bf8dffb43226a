import { nameOf, type Guard } from './guard.ts';

/** The policy's own list of what it must not touch. */
export const protectedResource: Guard = ({ target, owners, protectedResources }) => {
  for (const object of [target, ...owners]) {
    const rule = protectedResources.find(
      (candidate) =>
        candidate.kind === object.kind &&
        candidate.apiVersion === object.apiVersion &&
        candidate.excludeNames?.includes(object.metadata.name) !== true,
    );
    if (rule !== undefined) return `${nameOf(object)} is protected by the policy's safetyRules.protectedResources`;
  }
  return undefined;
};
