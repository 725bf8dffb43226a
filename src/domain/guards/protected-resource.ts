import type { KubeObject } from '../../api/meta.ts';
import { fitsPattern } from '../name-pattern.ts';
import { nameOf, type Guard, type ProtectedResource } from './guard.ts';

/** `apps/v1` and `apps/v1beta1` name the same objects. */
const groupOf = (apiVersion: string): string =>
  apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : '';

/** The names are those that are left out of healing; a rule without names leaves out the whole kind. */
function covers({ apiVersion, kind, excludeNames = [] }: ProtectedResource, object: KubeObject): boolean {
  if (kind !== object.kind || groupOf(apiVersion) !== groupOf(object.apiVersion ?? '')) return false;
  return excludeNames.length === 0 || excludeNames.some((pattern) => fitsPattern(object.metadata.name, pattern));
}

/** The policy's own list of what it must not touch. */
export const protectedResource: Guard = ({ target, owners, protectedResources }) => {
  const found = [target, ...owners].find((object) => protectedResources.some((rule) => covers(rule, object)));
  return found === undefined
    ? undefined
    : `${nameOf(found)} is protected by the policy's safetyRules.protectedResources`;
};
