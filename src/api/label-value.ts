import { createHash } from 'node:crypto';

const LIMIT = 63;

/** A label value for any object name: names may be longer than label values, and a digest keeps those apart. */
export function labelValue(name: string): string {
  if (name.length <= LIMIT) return name;
  const digest = createHash('sha256').update(name).digest('hex').slice(0, 8);
  return `${name.slice(0, LIMIT - 9).replace(/[^a-zA-Z0-9]+$/, '')}-${digest}`;
}
