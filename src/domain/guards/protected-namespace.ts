import type { Guard } from './guard.ts';

/** The namespace is one in which nothing is ever touched. */
export const protectedNamespace: Guard = ({ namespace, protectedNamespaces }) =>
  protectedNamespaces.includes(namespace)
    ? `namespace ${namespace} is protected by configuration (safety.protectedNamespaces)`
    : undefined;
