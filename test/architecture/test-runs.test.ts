import { afterEach, describe, expect, test } from '@jest/globals';
import { runJest, type JestRun } from '../../scripts/run-jest.ts';
import { PlantedTree } from '../support/architecture/planted-tree.ts';

const PASSING = "import { expect, test } from '@jest/globals';\ntest('holds', () => {\n  expect(1).toBe(1);\n});\n";
const SETUP = 'export default function globalSetup(): void {\n  // nothing is needed here\n}\n';

let tree: PlantedTree;
afterEach(async () => {
  await tree.remove();
});

async function plant(files: Readonly<Record<string, string>>): Promise<void> {
  tree = await PlantedTree.create({
    ...files,
    'test/support/global-setup-bundle.ts': SETUP,
    'test/support/global-setup-servers.ts': SETUP,
  });
  await tree.borrow('test/support/every-test.ts');
}

const run = (limitMs = 60_000, files: Pick<JestRun, 'except' | 'only'> = {}) =>
  runJest({ projects: ['unit'], ...files, workers: 1, limitMs }, { root: tree.path, args: [], show: false });

describe('a run of tests', () => {
  test('counts what passed', async () => {
    await plant({ 'test/unit/good.test.ts': PASSING });
    expect(await run()).toMatchObject({ passed: 1, failures: [] });
  });

  test('fails for a test that asserts nothing', async () => {
    await plant({
      'test/unit/idle.test.ts': "import { test } from '@jest/globals';\ntest('sees nothing', () => undefined);\n",
    });
    expect(await run()).toMatchObject({ passed: 0, failures: ['test/unit/idle.test.ts › sees nothing'] });
  });

  test('fails for a test that is skipped', async () => {
    await plant({ 'test/unit/idle.test.ts': `${PASSING}test.skip('is left out', () => undefined);\n` });
    expect(await run()).toMatchObject({
      passed: 1,
      failures: ['test/unit/idle.test.ts › is left out (pending: every test has to run)'],
    });
  });

  test('fails for a file that breaks before its first test', async () => {
    await plant({ 'test/unit/good.test.ts': PASSING, 'test/unit/broken.test.ts': "throw new Error('no server');\n" });
    expect(await run()).toMatchObject({
      passed: 1,
      failures: [expect.stringMatching(/^test\/unit\/broken\.test\.ts \(no server/)],
    });
  });

  test('fails when its preparation fails', async () => {
    await plant({
      'test/unit/good.test.ts': PASSING,
      'setup.mjs': "export default () => {\n  throw new Error('no server');\n};\n",
    });
    await tree.write('jest.config.js', "export default { displayName: 'unit', globalSetup: '<rootDir>/setup.mjs' };\n");
    expect(await run()).toMatchObject({
      passed: 0,
      failures: [expect.stringMatching(/^unit: Jest ended with exit code/)],
    });
  });

  test('leaves out some files, or runs no others', async () => {
    const files = ['test/unit/heavy.test.ts', 'test/unit/not-heavy.test.ts', 'test/unit/more/heavy.test.ts'];
    await plant(Object.fromEntries(files.map((file) => [file, PASSING])));
    const filesOf = async (which: Pick<JestRun, 'except' | 'only'>) =>
      (await run(60_000, which)).files.map(({ file }) => file).toSorted();
    const [heavy = '', ...others] = files;
    expect(await filesOf({ except: [heavy] })).toEqual(others.toSorted());
    expect(await filesOf({ only: [heavy] })).toEqual([heavy]);
  });

  test('fails when it does not end', async () => {
    await plant({
      'test/unit/endless.test.ts': PASSING.replace('() => {', 'async () => {\n  await new Promise(() => undefined);'),
    });
    expect(await run(3_000)).toMatchObject({ passed: 0, failures: ['unit: Jest did not end within 0.05 min'] });
  });
});

describe('npm test', () => {
  const lastLine = async (...args: readonly string[]) => {
    const { code, stdout } = await tree.runOwn('scripts/test.ts', ...args);
    return { code, last: stdout.trimEnd().split('\n').at(-1) };
  };

  test('misses kinds of tests of which there is none', async () => {
    await plant({ 'test/unit/good.test.ts': PASSING });
    await tree.borrow('scripts');
    expect(await lastLine()).toEqual({ code: 1, last: '1 passed, 5 failed' });
  });

  test('runs the tests that are asked for, and fails if there are none', async () => {
    await plant({ 'test/unit/good.test.ts': PASSING });
    await tree.borrow('scripts');
    expect(await lastLine('good')).toEqual({ code: 0, last: '1 passed, 0 failed' });
    expect(await lastLine('unit')).toEqual({ code: 0, last: '1 passed, 0 failed' });
    expect(await lastLine('replay', 'unit')).toEqual({ code: 1, last: '1 passed, 1 failed' });
    expect(await lastLine('no-such-file')).toEqual({ code: 1, last: '0 passed, 1 failed' });
  });
});
