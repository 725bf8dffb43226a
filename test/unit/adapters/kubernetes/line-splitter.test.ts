import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { LineSplitter, LineTooLongError } from '../../../../src/adapters/kubernetes/line-splitter.ts';

const split = (splitter: LineSplitter, ...chunks: readonly (string | Buffer)[]): string[] =>
  chunks.flatMap((chunk) => [...splitter.push(Buffer.from(chunk))].map((line) => line.toString()));

describe('LineSplitter', () => {
  test('gives the same lines however the bytes are cut', () => {
    const line = fc.string({ unit: 'grapheme', minLength: 1 }).filter((text) => !text.includes('\n'));
    fc.assert(
      fc.property(fc.array(line, { maxLength: 8 }), fc.array(fc.nat({ max: 200 }), { maxLength: 8 }), (lines, cuts) => {
        const bytes = Buffer.from(lines.map((text) => `${text}\n`).join(''));
        const places = [0, ...cuts.map((cut) => Math.min(cut, bytes.length)).sort((a, b) => a - b), bytes.length];
        const chunks = places.slice(1).map((end, index) => bytes.subarray(places[index], end));
        const splitter = new LineSplitter();
        expect(split(splitter, ...chunks)).toEqual(lines);
        expect(splitter.unfinishedBytes).toBe(0);
      }),
    );
  });

  test('cuts at line feeds only', () => {
    expect(split(new LineSplitter(), 'a\u2028b\u2029c\rd\n')).toEqual(['a\u2028b\u2029c\rd']);
  });

  test('leaves out empty lines', () => {
    expect(split(new LineSplitter(), '\n\na\n', '\n')).toEqual(['a']);
  });

  test('knows that the last line is not finished', () => {
    const splitter = new LineSplitter();
    expect(split(splitter, 'a\nbc', 'd')).toEqual(['a']);
    expect(splitter.unfinishedBytes).toBe(3);
  });

  test('refuses a line that never ends', () => {
    const splitter = new LineSplitter(10);
    split(splitter, '1234567890');
    expect(() => split(splitter, '1')).toThrow(LineTooLongError);
  });
});
