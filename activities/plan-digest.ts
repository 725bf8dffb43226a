import { digestOf } from '../src/actions/digest.ts';
import type { Plan } from '../src/api/healing-action.ts';

/** What an approval is bound to: the object's identity, the action, and the values it will set. */
export const planDigest = ({ target, action, parameters, change }: Plan): string =>
  digestOf({ uid: target.uid, action, parameters, ...(change === undefined ? {} : { change }) }).slice(0, 32);
