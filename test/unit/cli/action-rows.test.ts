import { describe, expect, test } from '@jest/globals';
import { HEADINGS, isWanted, rowOf, toneOf, waitsFor } from '../../../src/cli/action-rows.ts';
import { tableLines } from '../../../src/cli/output/table.ts';
import { at, told } from '../../support/cli/told.ts';
import { BLOCKED, HEALED, PATHS, WAITS } from '../../support/cli/told-actions.ts';

const now = new Date(at(90));
const actions = Object.values(PATHS).map(({ action }) => action);

describe('the list of actions', () => {
  test('has one aligned line for each', () => {
    const columns = { wide: false, namespaces: true };
    const lines = tableLines([HEADINGS(columns), ...[WAITS, HEALED].map((action) => rowOf(action, columns, now))]);
    expect(lines).toEqual([
      'NAMESPACE  NAME        PHASE      REASON              ACTION  TARGET          AGE',
      'shop       web-undo-1  Pending    WaitingForApproval  undo    Deployment web  1m30s',
      'shop       web-undo-1  Succeeded  Healed              undo    Deployment web  1m30s',
    ]);
  });

  test('says more when it is wide', () => {
    const columns = { wide: true, namespaces: false };
    const [, line = ''] = tableLines([HEADINGS(columns), rowOf(HEALED, columns, now)]);
    expect(line.split(/ {2,}/)).toEqual([
      'web-undo-1',
      'Succeeded',
      'Healed',
      'undo',
      'Deployment web',
      '1m30s',
      'bad-rollouts',
      'cannot-pull',
      '1',
      'jane',
      'ha-11111111-2222-4333-8444-555555555555',
      'available for 10s',
    ]);
    const rejected = rowOf(PATHS['rejected']!.action, columns, now);
    expect(rejected).toContain('rejected: joe (unverified)');
  });

  test('has something to say about an action that nobody has looked at yet', () => {
    const columns = { wide: true, namespaces: false };
    const row = rowOf(told({}), columns, now).map((cell) => (typeof cell === 'string' ? cell : cell.text));
    expect(row.slice(1, 3)).toEqual(['Pending', '-']);
    expect(row).not.toContain('undefined');
  });
});

test('who waits for a person is known', () => {
  expect(waitsFor(WAITS)).toBe('approval');
  expect(waitsFor(BLOCKED)).toBe('operator');
  const stuck = PATHS['cannot be taken back']!.action;
  expect(waitsFor(stuck)).toBe('rollback operator');
  const others = actions.filter((action) => ![WAITS, BLOCKED, stuck].includes(action));
  expect(others.map(waitsFor)).toEqual(others.map(() => undefined));
  expect([WAITS, BLOCKED, HEALED, PATHS['rolled back']!.action, PATHS['deleted']!.action].map(toneOf)).toEqual([
    'waiting',
    'waiting',
    'good',
    'bad',
    'dim',
  ]);
});

test('filters leave what is wanted', () => {
  const count = (filter: Parameters<typeof isWanted>[1]): number =>
    actions.filter((action) => isWanted(action, filter)).length;
  expect(count({})).toBe(actions.length);
  expect(count({ phase: ['succeeded'] })).toBe(2);
  expect(count({ phase: ['Succeeded', 'Failed'] })).toBe(5);
  expect(count({ policy: 'bad-rollouts', waiting: true })).toBe(3);
  expect(count({ policy: 'another' })).toBe(0);
});
