import { describe, expect, test } from '@jest/globals';
import type { KubeObject } from '../../../src/api/meta.ts';
import { diffText, inWords } from '../../../src/domain/diff-text.ts';
import { object } from '../../support/objects.ts';

const cart = (
  spec: object,
  annotations: Readonly<Record<string, string>> = {},
  version = '1',
): KubeObject & { spec: object } => {
  const base = object('Deployment', 'cart', { annotations });
  return { ...base, metadata: { ...base.metadata, resourceVersion: version }, spec };
};

describe('the difference of two states', () => {
  test('is told line by line, without bookkeeping and without our own marks', () => {
    const before = cart({ replicas: 2, paused: true });
    const after = cart(
      { replicas: 4, template: { spec: { containers: [{ name: 'app', args: ['a b'] }] } } },
      { 'kubeskippy.io/applied-u': 'execute-1', 'example.org/note': 'two words' },
      '2',
    );
    expect(diffText(before, { ...after, status: { replicas: 9 } } as KubeObject)).toBe(
      [
        '+ metadata.annotations[example.org/note]: two words',
        '- spec.replicas: 2',
        '+ spec.replicas: 4',
        '- spec.paused: true',
        '+ spec.template.spec.containers[app].name: app',
        '+ spec.template.spec.containers[app].args: ["a b"]',
      ].join('\n'),
    );
  });

  test('is said to be none', () => {
    expect(diffText(cart({ replicas: 2 }), cart({ replicas: 2 }, {}, '2'))).toBe('no field changes');
  });

  test('is cut by whole lines, and says how many are missing', () => {
    const many = Object.fromEntries(Array.from({ length: 500 }, (_, index) => [`field${index}`, 'x'.repeat(40)]));
    const text = diffText(cart({}), cart(many));
    expect(text.length).toBeLessThanOrEqual(2_048);
    const lines = text.split('\n');
    expect(lines.at(-1)).toBe(`… and ${500 - lines.length + 1} lines more`);
    for (const line of lines.slice(0, -1)) expect(line).toMatch(/^\+ spec\.field\d+: x{40}$/);
  });
});

test('values of variables that are called like secrets are not shown', () => {
  const env = (password: string) =>
    cart({
      template: {
        spec: {
          containers: [
            {
              name: 'app',
              env: [
                { name: 'DB_PASSWORD', value: password },
                { name: 'LEVEL', value: password },
              ],
            },
          ],
        },
      },
    });
  expect(diffText(env('old'), env('new')).split('\n')).toEqual([
    '- spec.template.spec.containers[app].env[DB_PASSWORD].value: (hidden)',
    '+ spec.template.spec.containers[app].env[DB_PASSWORD].value: (hidden)',
    '- spec.template.spec.containers[app].env[LEVEL].value: old',
    '+ spec.template.spec.containers[app].env[LEVEL].value: new',
  ]);
});

test('values of variables whose names stand twice are not shown either: their items go by index', () => {
  const env = (password: string) =>
    cart({
      template: {
        spec: {
          containers: [
            {
              name: 'app',
              env: [
                { name: 'DB_PASSWORD', value: password },
                { name: 'DB_PASSWORD', value: password },
              ],
            },
          ],
        },
      },
    });
  const text = diffText(env('before1'), env('after1'));
  expect(text).toContain('(hidden)');
  expect(text).not.toMatch(/before1|after1/);
});

test('a value is one line, and short', () => {
  expect(inWords('a\nb')).toBe('"a\\nb"');
  expect(inWords(undefined)).toBe('');
  expect(inWords({ a: 1 })).toBe('{"a":1}');
  expect(inWords('y'.repeat(1_000))).toHaveLength(240);
});
