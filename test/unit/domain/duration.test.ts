import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { formatDuration, parseDuration } from '../../../src/domain/duration.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

describe('parseDuration', () => {
  test.each([
    ['0', 0],
    ['0s', 0],
    ['0.000h', 0],
    ['30s', 30 * SECOND],
    ['2m', 2 * MINUTE],
    ['1h30m', 90 * MINUTE],
    ['1.5h', 90 * MINUTE],
    ['.5s', 500],
    ['2.s', 2 * SECOND],
    ['1m1m', 2 * MINUTE],
    ['7d', 7 * DAY],
    ['1d12h', 36 * HOUR],
    ['1.1s', 1_100],
    ['100ms', 100],
    ['1500us', 2],
    ['1ns', 1],
    ['250µs', 1],
    ['8759h59m59s999ms', 365 * DAY - 1],
  ])('%s is %d ms', (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });

  test.each([
    '',
    ' ',
    '5',
    '5 m',
    ' 5m',
    '5m ',
    '-5m',
    '+5m',
    'm',
    '5mm',
    '1h-5m',
    '1e3s',
    '5M',
    '0x5s',
    '٥m',
    'NaNs',
    '.s',
    '999999999d',
  ])('%j is refused with a message that shows the right form', (text) => {
    expect(() => parseDuration(text)).toThrow(
      /is not a duration: write numbers with units .* such as 30s, 5m or 1h30m/,
    );
  });

  test('a huge text is refused, and not repeated whole', () => {
    expect(() => parseDuration('x'.repeat(100_000))).toThrow(
      expect.objectContaining({ message: expect.stringMatching(/^.{0,300}$/) }),
    );
  });
});

describe('formatDuration', () => {
  test.each([
    [0, '0s'],
    [1, '1ms'],
    [90 * MINUTE, '1h30m'],
    [DAY, '1d'],
    [7 * DAY, '7d'],
    [36 * HOUR, '36h'],
    [1_500, '1s500ms'],
  ])('%d ms is %s', (ms, text) => {
    expect(formatDuration(ms)).toBe(text);
  });

  test.each([-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53])('%d is refused', (ms) => {
    expect(() => formatDuration(ms)).toThrow(RangeError);
  });

  test('parses back to the same number', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 292 * 365 * DAY }), (ms) => {
        expect(parseDuration(formatDuration(ms))).toBe(ms);
      }),
    );
  });

  test('a duration of a policy stays within what the schema of policies accepts', () => {
    const schema = /^(0|[0-9]{1,3}d|([0-9]{1,6}([.][0-9]{1,9})?(ns|us|µs|ms|s|m|h))+)$/;
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 365 * DAY }), (ms) => {
        expect(formatDuration(ms)).toMatch(schema);
        expect(formatDuration(ms).length).toBeLessThanOrEqual(16);
      }),
    );
  });
});

test('durations add up: the parts of a text are worth what they are worth alone', () => {
  const part = fc
    .tuple(fc.integer({ min: 0, max: 99_999 }), fc.constantFrom('ms', 's', 'm', 'h'))
    .map(([n, unit]) => `${n}${unit}`);
  fc.assert(
    fc.property(fc.array(part, { minLength: 1, maxLength: 5 }), (parts) => {
      expect(parseDuration(parts.join(''))).toBe(parts.reduce((sum, text) => sum + parseDuration(text), 0));
    }),
  );
});
