import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import { noPaint } from '../../../src/cli/output/paint.ts';
import { tableLines } from '../../../src/cli/output/table.ts';
import { age, ageSince, offset } from '../../../src/cli/output/time.ts';

test.each([
  [0, '0s'],
  [999, '0s'],
  [59_999, '59s'],
  [60_000, '1m'],
  [192_000, '3m12s'],
  [600_000 + 5_000, '10m'],
  [3_600_000 * 5 + 180_000, '5h3m'],
  [86_400_000 * 2 + 3_600_000 * 4, '2d4h'],
  [86_400_000 * 40, '40d'],
  [-5, '0s'],
])('%d ms is an age of %s', (ms, text) => {
  expect(age(ms)).toBe(text);
});

test('an age that is not known is none', () => {
  expect(ageSince(undefined, new Date())).toBe('-');
  expect(ageSince('yesterday', new Date())).toBe('-');
});

test('how much later something was has as many digits as matter', () => {
  expect([5, 12_340, 61_000, 90_061_000, -30_000].map((ms) => offset(1_000 + ms, 1_000))).toEqual([
    '+0.01s',
    '+12.3s',
    '+1m1s',
    '+1d1h',
    '-30.0s',
  ]);
});

describe('a table', () => {
  const rows = [
    ['A', 'B', 'C'],
    ['long one', { text: 'x', tone: 'bad' }, ''],
    ['é', 'y', 'z'],
  ] as const;

  test('is aligned, with nothing behind the last column', () => {
    expect(tableLines(rows)).toEqual(['A         B  C', 'long one  x', 'é         y  z']);
  });

  test('is aligned also with colours', () => {
    const lines = tableLines(rows, (tone, text) => (tone === 'plain' ? text : `<${text}>`));
    expect(lines[1]).toBe('long one  <x>');
  });

  test('has no control characters in it', () => {
    expect(tableLines([['a\u001b[31m\nb', 'c']])).toEqual(['a [31m b  c']);
  });
});

/** What is written to a terminal and to a file. In a process of its own: Node reads its environment, not that of the test. */
async function coloured(environment: NodeJS.ProcessEnv): Promise<unknown> {
  const script = `
    import { PassThrough } from 'node:stream';
    import { paintFor } from ${JSON.stringify(new URL('../../../src/cli/output/paint.ts', import.meta.url).href)};
    const terminal = Object.assign(new PassThrough(), { isTTY: true, getColorDepth: () => 4 });
    const shown = (stream) => ['plain', 'bad'].map((tone) => paintFor(stream)(tone, 'x'));
    process.stdout.write(JSON.stringify({ terminal: shown(terminal), file: shown(new PassThrough()) }));`;
  const run = promisify(execFile);
  const { stdout } = await run(process.execPath, ['--input-type=module', '-e', script], { env: environment });
  return JSON.parse(stdout);
}
const RED = '\u001b[31mx\u001b[39m';

test.each<[string, NodeJS.ProcessEnv, object]>([
  ['for terminals only', {}, { terminal: ['x', RED], file: ['x', 'x'] }],
  ['for files, too, if somebody asks for them', { FORCE_COLOR: '1' }, { terminal: ['x', RED], file: ['x', RED] }],
])('colours are %s', async (_name, environment, shown) => {
  expect(noPaint('bad', 'x')).toBe('x');
  expect(await coloured(environment)).toEqual(shown);
});
