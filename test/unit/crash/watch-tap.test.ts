import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import type { Rule } from '../../crash/proxy/rule.ts';
import { WatchTap } from '../../crash/watch-tap.ts';

const PATH = '/apis/kubeskippy.io/v1alpha1/healingactions?watch=true';
const first = { method: 'GET', path: `${PATH}&sendInitialEvents=true`, body: '' };
const resumed = { method: 'GET', path: `${PATH}&resourceVersion=7`, body: '' };
const line = (namespace: string, spec = {}, type = 'ADDED'): string =>
  JSON.stringify({ type, object: { metadata: { namespace }, spec } });
const end = JSON.stringify({
  type: 'BOOKMARK',
  object: { metadata: { annotations: { 'k8s.io/initial-events-end': 'true' } } },
});

let rules: Rule[];
let cuts: number;
let tap: WatchTap;

beforeEach(() => {
  jest.useFakeTimers();
  rules = [];
  cuts = 0;
  tap = new WatchTap({
    add: (rule) => {
      rules.push(rule);
      return rule;
    },
    cutAndThaw: () => {
      cuts += 1;
    },
  });
});
afterEach(() => {
  jest.useRealTimers();
});

/** The rules that strike, in the order in which the proxy asks them. */
const watch = (request: typeof first): readonly Rule[] => rules.filter((rule) => rule.strikes(request));

test('news of a healing get lost, and then the history of all', () => {
  const [stream] = watch(first);
  stream?.fateOf(end);
  const loss = tap.lose('trial-1', 'approval', 'lost');
  expect(stream?.fateOf(line('trial-1', {}, 'MODIFIED'))).toBe('pass');
  expect(stream?.fateOf(line('trial-1', { approval: {} }, 'MODIFIED'))).toBe('drop');
  expect(stream?.fateOf(line('trial-2', { approval: {} }, 'MODIFIED'))).toBe('pass');
  expect(loss.lines).toBe(1);
  jest.advanceTimersByTime(3_000);
  expect(cuts).toBe(1);
  expect(watch(resumed)[0]?.fault.before?.(resumed)).toMatchObject({ status: 410 });
});

test('what exists is told whole, also while news of it get lost: bug crash-sample-deleted-by-a-list', () => {
  watch(resumed);
  const losses = [tap.lose('trial-2', 'begin', 'lost'), tap.lose('trial-1', 'approval', 'lost')];
  const [stream] = watch(first);
  expect(stream?.fateOf(line('trial-2'))).toBe('pass');
  expect(stream?.fateOf(line('trial-1', { approval: {} }))).toBe('pass');
  expect(stream?.fateOf(end)).toBe('pass');
  expect(losses.map(({ lines }) => lines)).toEqual([0, 0]);
  expect(stream?.fateOf(line('trial-1', { approval: {} }, 'MODIFIED'))).toBe('drop');
});
