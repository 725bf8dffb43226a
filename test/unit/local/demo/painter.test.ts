import { expect, test } from '@jest/globals';
import { Painter } from '../../../../src/local/demo/screen/painter.ts';
import { TerminalEmulator } from '../../../support/local/terminal-emulator.ts';

const ROWS = 8;
const padded = (lines: readonly string[]): string[] => [...lines, ...new Array<string>(ROWS - lines.length).fill('')];

test('shows each picture, longer or shorter than the last, at the top', () => {
  const terminal = new TerminalEmulator(40, ROWS);
  terminal.write('what the shell said\n');
  const painter = new Painter(terminal);
  for (const lines of [['one', 'two', 'three'], ['one', 'zwei'], ['', 'zwei', 'trois', 'vier'], []]) {
    painter.paint(lines);
    expect(terminal.screen).toEqual(padded(lines));
  }
  expect(terminal.scrolledOut).toContain('what the shell said');
});

test('writes only the lines that changed, and nothing at all if none did', () => {
  const terminal = new TerminalEmulator(40, ROWS);
  const painter = new Painter(terminal);
  painter.paint(['a long first line', 'second', 'third']);
  terminal.written = 0;
  painter.paint(['a long first line', '2nd', 'third']);
  expect(terminal.written).toBe('2nd'.length);
  painter.paint(['a long first line', '2nd', 'third']);
  expect(terminal.written).toBe('2nd'.length);
});

test('a slow terminal is not sent more; it gets the newest state later', () => {
  const terminal = new TerminalEmulator(40, ROWS);
  const painter = new Painter(terminal);
  painter.paint(['one']);
  terminal.writableNeedDrain = true;
  painter.paint(['two']);
  expect(terminal.screen).toEqual(padded(['one']));
  terminal.writableNeedDrain = false;
  painter.paint(['three']);
  expect(terminal.screen).toEqual(padded(['three']));
});

test('after a resize, or after something else has written, all is written anew', () => {
  const terminal = new TerminalEmulator(40, ROWS);
  const painter = new Painter(terminal);
  painter.paint(['one', 'two']);
  terminal.write('\u001b[1;1Hnoise from elsewhere');
  painter.invalidate();
  painter.paint(['one', 'two']);
  expect(terminal.screen).toEqual(padded(['one', 'two']));
});

test('leaves the last picture, and the cursor below it', () => {
  const terminal = new TerminalEmulator(40, ROWS);
  const painter = new Painter(terminal);
  painter.paint(['one', 'two']);
  expect(terminal.cursorVisible).toBe(false);
  painter.close();
  painter.close();
  expect(terminal.screen).toEqual(padded(['one', 'two']));
  expect(terminal.cursor).toEqual({ row: 2, column: 0 });
  expect(terminal.cursorVisible).toBe(true);
});
