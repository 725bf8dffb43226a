import { globSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';

const root = resolve(import.meta.dirname, '../..');
const MAX_LINES = 400;
/** Not ours, or written by programs. */
const LEFT_OUT = ['node_modules', 'dist', 'coverage', 'histories'];
const CODE = /\.(ts|mjs|js|go)$/;
const KEBAB = /^\.?[a-z0-9]+(-[a-z0-9]+)*(\.[a-z0-9]+(-[a-z0-9]+)*)*$/;
/** Words that say nothing of what is in a file. */
const EMPTY_WORDS = /(^|[-.])(managers?|helpers?|utils?|handlers?|processors?|engines?|misc|common)([-.]|$)/;

interface Source {
  readonly path: string;
  readonly text: string;
}

const tooLong = (files: readonly Source[]): readonly string[] =>
  files
    .filter(({ path, text }) => CODE.test(path) && text.trimEnd().split('\n').length > MAX_LINES)
    .map(({ path }) => path);
const misnamed = (files: readonly Source[]): readonly string[] =>
  files
    .filter(({ path }) => CODE.test(path))
    .map(({ path }) => path)
    .filter((path) => !KEBAB.test(basename(path)) || EMPTY_WORDS.test(basename(path)));
/** Where this clone is, or who works on it: of no use to anybody else. */
const ofThisMachine = [root, homedir()].filter((path) => path !== '/root' && path !== '/').map((path) => `${path}/`);
const localPaths = (files: readonly Source[]): readonly string[] =>
  files.filter(({ text }) => ofThisMachine.some((path) => text.includes(path))).map(({ path }) => path);

let files: readonly Source[];

beforeAll(async () => {
  const found = globSync('**/*.{ts,mjs,js,go,yaml,json,md}', {
    cwd: root,
    exclude: (name) => LEFT_OUT.includes(basename(name)),
  });
  const paths = found.filter((path) => path !== 'package-lock.json');
  const read = paths.map(async (path) => ({ path, text: await readFile(join(root, path), 'utf8') }));
  files = await Promise.all(read);
});

describe('files', () => {
  test('there are some', () => {
    expect(files.length).toBeGreaterThan(100);
  });

  test(`hold one concept: ${MAX_LINES} lines at most`, () => {
    expect(tooLong(files)).toEqual([]);
    expect(tooLong([{ path: 'src/a.ts', text: 'x\n'.repeat(MAX_LINES + 1) }])).toEqual(['src/a.ts']);
  });

  test('are named in kebab case, by what is in them', () => {
    expect(misnamed(files)).toEqual([]);
    const wrong = ['src/listWatch.ts', 'src/kube-utils.ts', 'workers/manager.ts', 'src/event-handler.test.ts'];
    expect(misnamed(wrong.map((path) => ({ path, text: '' })))).toEqual(wrong);
  });

  test('name no place on a machine', () => {
    expect(localPaths(files)).toEqual([]);
    expect(localPaths([{ path: 'README.md', text: `see ${root}/docs` }])).toEqual(['README.md']);
  });
});
