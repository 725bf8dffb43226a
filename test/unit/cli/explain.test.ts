import { describe, expect, test } from '@jest/globals';
import { nextSteps } from '../../../src/cli/explain/next-steps.ts';
import { explanation } from '../../../src/cli/explain/render.ts';
import { noPaint } from '../../../src/cli/output/paint.ts';
import { at, event, told } from '../../support/cli/told.ts';
import { BLOCKED, HEALED, PATHS, WAITS } from '../../support/cli/told-actions.ts';

const rendering = { paint: noPaint, now: new Date(at(3_725)), program: 'kubeskippy' };
const lines = (known: (typeof PATHS)[string]): string[] => explanation({ events: [], ...known }, rendering);

describe('the explanation of an action', () => {
  test.each(Object.entries(PATHS))('that is: %s', (_name, known) => {
    expect(`\n${lines(known).join('\n')}\n`).toMatchSnapshot();
  });

  test('waits for no workflow once the action has ended', () => {
    const without = (conditions: Parameters<typeof told>[0]['conditions'] = {}): string => {
      const { status: { workflow: _, ...status } = {}, ...action } = told({ conditions });
      return lines({ action: { ...action, status }, events: [] }).join('\n');
    };
    expect(without({ Succeeded: ['False', 'Refused', 1, 'no'] })).toMatch(/workflow +\(not noted\)$/m);
    expect(without()).toMatch(/workflow +\(none yet\)$/m);
  });

  test('tells what happened in the order in which it happened, also what only an Event tells', () => {
    const text = lines(PATHS['healed']!).join('\n');
    const steps = ['fired for', 'asks for undo', 'a person is asked', 'somebody else has said', 'by jane', 'Healed:'];
    const places = steps.map((step) => text.indexOf(step));
    expect(places.every((place) => place >= 0)).toBe(true);
    expect(places).toEqual(places.toSorted((a, b) => a - b));
  });

  test('never lets a text of others move the cursor', () => {
    const action = told({ conditions: { Accepted: ['False', 'Refused', 1, 'no\u001b[2J\r\nSucceeded'] } });
    const text = lines({ action, events: [event(2, 'X', '\u001b]0;title\u0007')] }).join('\n');
    expect(text).not.toMatch(/[^\P{Cc}\n]/u);
  });
});

describe('what can be done now', () => {
  const commands = (action: Parameters<typeof nextSteps>[0], program = 'kubeskippy'): string[] =>
    nextSteps(action, program).map(({ command }) => command);

  test('is said as commands that can be pasted', () => {
    expect(commands(WAITS)).toEqual([
      "kubeskippy approve web-undo-1 -n shop --comment '…'",
      "kubeskippy reject web-undo-1 -n shop --comment '…'",
      'kubectl delete healingaction web-undo-1 -n shop',
    ]);
    expect(commands(BLOCKED, 'kubectl kubeskippy')).toContain('kubectl kubeskippy operate web-undo-1 retry -n shop');
    expect(commands(HEALED)).toEqual(['kubeskippy audit web-undo-1 -n shop']);
    expect(commands(PATHS['rolled back']!.action)).toContain('kubeskippy retry web-undo-1 -n shop');
  });
});
