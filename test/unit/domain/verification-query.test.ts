import { expect, test } from '@jest/globals';
import { judge } from '../../../src/domain/verification-query.ts';

test.each([
  ['>', 2, 1, true],
  ['>', 1, 1, false],
  ['<', 0, 1, true],
  ['<', 1, 1, false],
  ['>=', 1, 1, true],
  ['>=', 0, 1, false],
  ['<=', 1, 1, true],
  ['<=', 2, 1, false],
  ['==', 1, 1, true],
  ['==', 2, 1, false],
  ['!=', 2, 1, true],
  ['!=', 1, 1, false],
] as const)('%s with %d and %d holds: %s', (operator, value, threshold, holds) => {
  expect(judge({ query: 'up', operator, threshold }, value)).toEqual({
    check: 'up',
    value: `${value} ${operator} ${threshold} is ${holds}`,
    verdict: holds ? 'healthy' : 'settling',
  });
});

test('a query without a name is called by its text, as far as the evidence takes it', () => {
  const query = { query: 'x'.repeat(4_096), operator: '>', threshold: 0 } as const;
  expect(judge(query, 1).check).toBe('x'.repeat(128));
  expect(judge({ ...query, name: 'errors' }, 1).check).toBe('errors');
});
