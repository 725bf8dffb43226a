import { expect, test } from '@jest/globals';
import { partition } from '../../crash/rounds.ts';
import { SecondChances } from '../../crash/second-chances.ts';
import { stepsFrom } from '../../crash/steps.ts';
import { Strike } from '../../crash/strike.ts';

const request = { method: 'POST', path: '/api/v1/namespaces/trial-1/pods/cart-1/eviction', body: '{}' };
const [step] = stepsFrom([request]);

test('a healing that is not at its step when the crash comes was not struck there', async () => {
  const there = new Strike('trial-1', step!, 'before');
  const late = new Strike('trial-1', step!, 'before');
  expect(there.rule.strikes(request)).toBe(true);
  const held = there.rule.fault.before?.(request);
  const { struck, missed } = partition([{ strike: there }, { strike: late }]);
  expect(struck).toEqual([{ strike: there }]);
  expect(missed).toEqual([{ strike: late }]);
  there.letGo('on');
  await expect(held).resolves.toBe('forward');
});

test('it was not struck either if its write is on its way, but the side of the crash is not reached', () => {
  const strike = new Strike('trial-1', step!, 'after');
  expect(strike.rule.strikes(request)).toBe(true);
  expect(partition([{ strike }]).missed).toEqual([{ strike }]);
});

test('a cell that was missed is played again once; missed twice, it is unfired', () => {
  const chances = new SecondChances();
  const missed = { cell: { id: 'kill-worker/undo/5/after' }, unfired: ['it did not come to its step in time'] };
  const struck = { cell: { id: 'kill-worker/undo/4/after' }, unfired: [] };
  expect(chances.toRepeat([missed, struck])).toEqual([missed]);
  expect(chances.toRepeat([missed])).toEqual([]);
});
