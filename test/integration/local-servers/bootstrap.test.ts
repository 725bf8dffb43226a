import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, expect, test } from '@jest/globals';
import { eventually } from '../../support/eventually.ts';
import { temporaryDirectory } from '../../support/local/temporary-directory.ts';

const SCRIPT = new URL('../../../scripts/bootstrap.mjs', import.meta.url).pathname;
const LOCKED = {
  '': {},
  'node_modules/a': { version: '1.0.0' },
  'node_modules/b': { version: '2.0.0', optional: true },
};

/** What a real npm does that matters here, in its order; `$STEP` says where it fails or lingers. */
const FAKE_NPM = `
  import { appendFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
  appendFileSync('npm-runs', process.argv.slice(2).join(' ') + '\\n');
  rmSync('node_modules', { recursive: true, force: true });
  mkdirSync('node_modules/a', { recursive: true });
  writeFileSync('node_modules/a/package.json', '{}');
  if (process.env.FAIL) { console.error(process.env.FAIL); process.exit(1); }
  if (process.env.HANG) { writeFileSync('hanging', String(process.pid)); await new Promise((resolve) => setTimeout(resolve, 30_000)); }
  await new Promise((resolve) => setTimeout(resolve, 200));
  const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8'));
  delete packages['node_modules/b'];
  writeFileSync('node_modules/.package-lock.json', JSON.stringify({ packages }));`;

function clone() {
  const root = temporaryDirectory();
  mkdirSync(join(root, 'scripts'));
  cpSync(SCRIPT, join(root, 'scripts/bootstrap.mjs'));
  const lock = (packages: object): void => {
    writeFileSync(join(root, 'package-lock.json'), JSON.stringify({ packages }));
  };
  lock(LOCKED);
  writeFileSync(join(root, 'npm.mjs'), FAKE_NPM);
  const start = (env: NodeJS.ProcessEnv = {}): ChildProcess =>
    spawn(process.execPath, ['scripts/bootstrap.mjs'], {
      cwd: root,
      env: { ...process.env, npm_execpath: join(root, 'npm.mjs'), npm_node_execpath: process.execPath, ...env },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
  const run = async (env?: NodeJS.ProcessEnv): Promise<{ code: number | null; said: string }> => {
    const child = start(env);
    if (child.stderr === null) throw new Error('no stderr');
    const [said] = await Promise.all([text(child.stderr), child.exitCode === null ? once(child, 'exit') : undefined]);
    return { code: child.exitCode, said };
  };
  const runs = (): number =>
    existsSync(join(root, 'npm-runs')) ? readFileSync(join(root, 'npm-runs'), 'utf8').trim().split('\n').length : 0;
  return { root, lock, start, run, runs };
}

test('a fresh clone is installed, once; an optional package of another platform may be missing', async () => {
  const { root, run, runs } = clone();
  expect(await run()).toMatchObject({ code: 0, said: expect.stringContaining('installing the dependencies') });
  expect(readFileSync(join(root, 'npm-runs'), 'utf8')).toMatch(/^ci --no-audit/);
  expect(await run()).toEqual({ code: 0, said: '' });
  expect(runs()).toBe(1);
});

test.each([
  [
    'another version is locked',
    (root: string) => {
      const changed = { ...LOCKED, 'node_modules/a': { version: '1.0.1' } };
      writeFileSync(join(root, 'package-lock.json'), JSON.stringify({ packages: changed }));
    },
  ],
  [
    'a package is gone',
    (root: string) => {
      rmSync(join(root, 'node_modules/a'), { recursive: true });
    },
  ],
  [
    'an install was interrupted before its end',
    (root: string) => {
      rmSync(join(root, 'node_modules/.package-lock.json'));
    },
  ],
])('it is installed again when %s', async (_what, change) => {
  const { root, run, runs } = clone();
  await run();
  change(root);
  expect((await run()).code).toBe(0);
  expect(runs()).toBe(2);
  await run();
  expect(runs()).toBe(2);
});

test('two at once install once; the second waits and says for whom', async () => {
  const { run, runs } = clone();
  const results = await Promise.all([run(), run(), run()]);
  expect(results.map(({ code }) => code)).toEqual([0, 0, 0]);
  expect(runs()).toBe(1);
  expect(results.map(({ said }) => said).join('')).toMatch(/waiting for process \d+, which is installing/);
});

describe('an installer that is killed', () => {
  test('does not block the next one, which starts over', async () => {
    const { root, start, run, runs } = clone();
    const first = start({ HANG: '1' });
    const npm = await eventually(() => Number(readFileSync(join(root, 'hanging'), 'utf8')));
    first.kill('SIGKILL');
    process.kill(npm, 'SIGKILL');
    await once(first, 'exit');
    const results = await Promise.all([run(), run()]);
    expect(results.map(({ code }) => code)).toEqual([0, 0]);
    expect(runs()).toBe(2);
  });

  test('but whose npm lives on is waited for', async () => {
    const { root, start, run, runs } = clone();
    const first = start({ HANG: '1' });
    const npm = await eventually(() => Number(readFileSync(join(root, 'hanging'), 'utf8')));
    first.kill('SIGKILL');
    await once(first, 'exit');
    const second = start();
    let said = '';
    second.stderr?.on('data', (data: Buffer) => (said += data.toString()));
    await eventually(() => {
      expect(said).toContain(`waiting for process ${npm}`);
    });
    expect(runs()).toBe(1);
    process.kill(npm, 'SIGKILL');
    await once(second, 'exit');
    expect(runs()).toBe(2);
    expect((await run()).code).toBe(0);
  });

  test('by Ctrl-C takes npm along and says so by its exit code', async () => {
    const { root, start } = clone();
    const first = start({ HANG: '1' });
    const npm = await eventually(() => Number(readFileSync(join(root, 'hanging'), 'utf8')));
    first.kill('SIGINT');
    const [code] = (await once(first, 'exit')) as [number];
    expect(code).toBe(130);
    expect(existsSync(`/proc/${npm}`)).toBe(false);
  });
});

test.each([
  ['no network', 'npm error code EAI_AGAIN request to https://x failed', /registry cannot be reached.*\n.*EAI_AGAIN/s],
  ['no disk', 'npm error code ENOSPC', /the disk is full/],
  ['anything else', 'npm error something odd', /npm ci failed.*something odd/s],
])('%s gives one error that says what to do', async (_what, failure, message) => {
  const { run, runs } = clone();
  const { code, said } = await run({ FAIL: failure });
  expect(code).toBe(1);
  expect(said).toMatch(message);
  expect((await run()).code).toBe(0);
  expect(runs()).toBe(2);
});

test('with the real npm a package from a directory is installed without network', async () => {
  const { root, run } = clone();
  mkdirSync(join(root, 'dep'));
  writeFileSync(join(root, 'dep/package.json'), JSON.stringify({ name: 'dep', version: '1.0.0' }));
  writeFileSync(
    join(root, 'package.json'),
    JSON.stringify({ name: 'fixture', version: '1.0.0', dependencies: { dep: 'file:dep' } }),
  );
  writeFileSync(
    join(root, 'package-lock.json'),
    JSON.stringify({
      name: 'fixture',
      version: '1.0.0',
      lockfileVersion: 3,
      packages: {
        '': { name: 'fixture', version: '1.0.0', dependencies: { dep: 'file:dep' } },
        dep: { version: '1.0.0' },
        'node_modules/dep': { resolved: 'dep', link: true },
      },
    }),
  );
  const env = { npm_execpath: undefined, npm_node_execpath: undefined };
  expect(await run(env)).toMatchObject({ code: 0 });
  expect(existsSync(join(root, 'node_modules/dep/package.json'))).toBe(true);
  expect(await run(env)).toEqual({ code: 0, said: '' });
});
