import type { Guard, GuardInput } from './guard.ts';
import { protectedNamespace } from './protected-namespace.ts';
import { protectedObject } from './protected-object.ts';
import { protectedResource } from './protected-resource.ts';

/** Every guard, by the name under which its refusals are reported. A new guard is one file and one line here. */
export const guards = {
  'protected-namespace': protectedNamespace,
  'protected-object': protectedObject,
  'protected-resource': protectedResource,
} as const satisfies Record<string, Guard>;

export interface Refusal {
  readonly guard: string;
  readonly message: string;
}

/** All objections, not only the first: whoever reads them should have to come back once. */
export const refusals = (input: GuardInput): Refusal[] =>
  Object.entries(guards).flatMap(([guard, check]) => {
    const message = check(input);
    return message === undefined ? [] : [{ guard, message }];
  });
