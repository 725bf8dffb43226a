import type { VerificationQuery } from '../api/healing-policy.ts';
import type { Check } from './verdict.ts';

const HOLDS: Readonly<Record<VerificationQuery['operator'], (value: number, threshold: number) => boolean>> = {
  '>': (value, threshold) => value > threshold,
  '<': (value, threshold) => value < threshold,
  '>=': (value, threshold) => value >= threshold,
  '<=': (value, threshold) => value <= threshold,
  '==': (value, threshold) => value === threshold,
  '!=': (value, threshold) => value !== threshold,
};

/** As long as the evidence takes. */
const MAX_NAME = 128;

export const nameOfQuery = ({ name, query }: VerificationQuery): string => (name ?? query).slice(0, MAX_NAME);

/** What a value proves about health. */
export function judge(query: VerificationQuery, value: number): Check {
  const { operator, threshold } = query;
  const holds = HOLDS[operator](value, threshold);
  return {
    check: nameOfQuery(query),
    value: `${value} ${operator} ${threshold} is ${holds ? 'true' : 'false'}`,
    verdict: holds ? 'healthy' : 'settling',
  };
}
