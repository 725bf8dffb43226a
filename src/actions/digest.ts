import { createHash } from 'node:crypto';
import { canonical } from '../domain/canonical.ts';

/** Of any value, in hexadecimal digits; equal for equal values, whatever order their fields are in. */
export const digestOf = (value: unknown): string => createHash('sha256').update(canonical(value)).digest('hex');
