import { describe, expect, test } from '@jest/globals';
import { complete } from '../../../src/cli/completion/candidates.ts';
import { completionScripts, SHELLS } from '../../../src/cli/completion/scripts.ts';
import { invokedAs } from '../../../src/cli/invocation.ts';
import { createProgram } from '../../../src/cli/program.ts';

const program = createProgram('kubeskippy');
const after = (...words: string[]) => complete(program, words);
const values = (...words: string[]): string[] => after(...words).candidates.map(({ value }) => value);

describe('what may follow', () => {
  test('is a command at first, but none for programs', () => {
    expect(values('')).toEqual(expect.arrayContaining(['actions', 'explain', 'approve', 'operate', 'audit', 'local']));
    expect(values('')).not.toContain('__complete');
    expect(values('ap')).toEqual(['approve']);
  });

  test('is a command below the command', () => {
    expect(values('local', '')).toEqual(['up', 'down', 'status']);
    expect(values('audit', 'v')).toEqual(['verify']);
  });

  test('is the same after the other name of a command', () => {
    expect(values('ls', '--')).toEqual(values('actions', '--'));
    expect(values('ls', '-o', '')).toContain('wide');
  });

  test('is the name of an action that the command fits', () => {
    expect(after('approve', '')).toMatchObject({ candidates: [], lookup: { lookup: 'actions', command: 'approve' } });
    expect(after('audit', 'verify', 'x')).toMatchObject({ lookup: { lookup: 'actions', command: 'audit verify' } });
    expect(after('approve', 'x', '')).not.toHaveProperty('lookup');
    expect(values('operate', 'x', 're')).toEqual(['retry']);
  });

  test('is an option, after a hyphen', () => {
    expect(values('approve', '--co')).toEqual(['--comment', '--context', '--config']);
    expect(values('approve', '--', '--co')).toEqual([]);
    expect(values('actions', '-')).toContain('--all-namespaces');
  });

  test('is what an option takes', () => {
    expect(values('actions', '-o', '')).toEqual(['wide', 'json', 'yaml', 'name']);
    expect(values('actions', '--phase', 'S')).toEqual(['Succeeded']);
    expect(after('approve', '-n', 's')).toMatchObject({ lookup: { lookup: 'namespaces' } });
    expect(values('approve', '--comment', '')).toEqual([]);
    expect(values('completion', '')).toEqual([...SHELLS]);
  });

  test('takes what was typed along: where to look', () => {
    expect(after('explain', '-n', 'shop', '--context=prod', '--kubeconfig', '/k', '').typed).toEqual({
      namespace: 'shop',
      context: 'prod',
      kubeconfig: '/k',
    });
    expect(after('explain', '-n', 'shop', '').lookup).toEqual({ lookup: 'actions', command: 'explain' });
  });

  test('is nothing where nothing is known', () => {
    expect(values('nonsense', 'more', 'x')).toEqual([]);
    expect(values()).toEqual(values(''));
  });
});

test('every shell has a script that asks us', () => {
  for (const shell of SHELLS) expect(completionScripts[shell]).toContain('__complete --');
});

test('the usage line says what was typed', () => {
  expect(invokedAs('/usr/local/bin/kubectl-kubeskippy')).toBe('kubectl kubeskippy');
  expect(invokedAs('/app/dist/src/cli/main.js')).toBe('kubeskippy');
  expect(createProgram('kubectl kubeskippy').helpInformation()).toContain('Usage: kubectl kubeskippy [options]');
});
