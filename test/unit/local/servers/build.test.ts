import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { build } from '../../../../src/local/servers/build.ts';
import { locatePrograms } from '../../../../src/local/servers/locate.ts';
import { BUNDLES } from '../../../../src/local/servers/programs.ts';
import { temporaryDirectory, writeScript } from '../../../support/local/temporary-directory.ts';

/** A machine whose `go build` does what the test says; `$target` is the file to make. */
function machineWithGo(onBuild: string, version = 'go1.26.8') {
  const root = temporaryDirectory();
  const module = join(root, 'modules/prometheus');
  mkdirSync(module, { recursive: true });
  writeFileSync(join(module, 'go.mod'), 'module example');
  writeScript(
    join(root, 'bin/go'),
    `if [ "$1" = env ]; then echo ${version}; echo ${root}/go-cache; exit; fi
     echo "$PWD $*" >> ${root}/builds
     while [ $# -gt 0 ]; do if [ "$1" = -o ]; then target=$2; fi; shift; done
     ${onBuild}`,
  );
  const env: NodeJS.ProcessEnv = { PATH: `${root}/bin`, XDG_CACHE_HOME: `${root}/cache`, HOME: root };
  const lines: string[] = [];
  const say = (line: string): void => void lines.push(line);
  return {
    root,
    lines,
    env,
    modules: join(root, 'modules'),
    directory: join(root, 'cache/kubeskippy/prometheus-3.16.0'),
    builds: () => readFileSync(`${root}/builds`, 'utf8').trim().split('\n'),
    locate: () => locatePrograms(['prometheus'], { env, say, releases: [], modules: join(root, 'modules') }),
  };
}

const BUILDS_FINE = `printf '#!/bin/sh\\nexit 0\\n' > "$target"`;

test('builds with the flags that make a whole binary, in a copy of the module, and marks it', async () => {
  const machine = machineWithGo(BUILDS_FINE);
  expect(await machine.locate()).toEqual({ prometheus: join(machine.directory, 'prometheus') });
  const [command] = machine.builds();
  expect(command).toContain('build -v -mod=mod -tags remove_all_sd,netgo -trimpath -ldflags -s -w -o');
  expect(command).not.toContain(machine.modules);
  expect(existsSync(join(machine.directory, '.complete.json'))).toBe(true);
  expect(existsSync(join(machine.directory, '.source'))).toBe(false);
  await machine.locate();
  expect(machine.builds()).toHaveLength(1);
});

test('builds once when two need it at the same time', async () => {
  const machine = machineWithGo(`/bin/sleep 0.3; ${BUILDS_FINE}`);
  const [first, second] = await Promise.all([machine.locate(), machine.locate()]);
  expect(first).toEqual(second);
  expect(machine.builds()).toHaveLength(1);
  expect(machine.lines.join('\n')).toContain(`waiting for pid ${process.pid}`);
});

describe('a build that cannot be', () => {
  test.each([
    [
      'no network',
      'echo "dial tcp: lookup proxy.example: no such host" >&2; exit 1',
      /could not be downloaded \(no network/,
    ],
    [
      'no disk',
      'echo "write /x: no space left on device" >&2; exit 1',
      /the disk is full \(a first build needs 4 GB\)/,
    ],
    ['an error', 'echo "main.go:7: undefined: foo" >&2; exit 1', /go build failed.*\n.*main\.go:7: undefined: foo/],
  ])(
    'for %s says so, shows the last lines, and leaves nothing that looks finished',
    async (_what, onBuild, message) => {
      const machine = machineWithGo(onBuild);
      await expect(machine.locate()).rejects.toThrow(message);
      expect(existsSync(join(machine.directory, 'prometheus'))).toBe(false);
    },
  );

  test('for an old Go says which is needed', async () => {
    await expect(machineWithGo(BUILDS_FINE, 'go1.19.8').locate()).rejects.toThrow(
      'is go1.19.8, 1.21 or later is needed',
    );
  });

  test('for want of space says so before it begins', async () => {
    const machine = machineWithGo(BUILDS_FINE);
    const entry = { directory: machine.directory, binary: 'prometheus', links: [] };
    const { env, modules } = machine;
    const settings = { env, modules, say: () => undefined, minFreeBytes: Number.MAX_SAFE_INTEGER };
    await expect(build('prometheus', BUNDLES.prometheus, entry, settings)).rejects.toThrow(/only \d+ MB are free in /);
    expect(existsSync(`${machine.root}/builds`)).toBe(false);
  });

  test('is tried again after an interrupted one, and replaces what that left', async () => {
    const machine = machineWithGo(BUILDS_FINE);
    mkdirSync(machine.directory, { recursive: true });
    writeFileSync(join(machine.directory, 'prometheus.part'), 'half');
    await machine.locate();
    expect(existsSync(join(machine.directory, 'prometheus.part'))).toBe(false);
  });
});
