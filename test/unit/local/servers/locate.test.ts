import { existsSync, readFileSync, statSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { locatePrograms } from '../../../../src/local/servers/locate.ts';
import { temporaryDirectory, writeScript } from '../../../support/local/temporary-directory.ts';

const KUBE_DIRECTORY = 'kubeskippy/controlplane-1.36.2';

/** A machine with nothing: no variables, an empty PATH, an empty cache. */
function bareMachine() {
  const root = temporaryDirectory();
  const lines: string[] = [];
  const env: NodeJS.ProcessEnv = { PATH: join(root, 'bin'), XDG_CACHE_HOME: join(root, 'cache'), HOME: root };
  return {
    root,
    env,
    lines,
    options: { env, say: (line: string) => lines.push(line), releases: [], modules: join(root, 'modules') },
    onPath: (name: string, body: string) => writeScript(join(root, 'bin', name), body),
    cached: (path: string, body: string) => writeScript(join(root, 'cache', path), body),
  };
}

describe('a variable', () => {
  test('decides before anything else', async () => {
    const machine = bareMachine();
    machine.onPath('etcd', 'echo etcd Version: 3.6.8');
    machine.env['KUBESKIPPY_ETCD'] = writeScript(join(machine.root, 'mine/etcd'), 'echo whatever');
    expect(await locatePrograms(['etcd'], machine.options)).toEqual({ etcd: join(machine.root, 'mine/etcd') });
  });

  test('that names no executable is an error, not a reason to look elsewhere', async () => {
    const machine = bareMachine();
    machine.onPath('etcd', 'echo etcd Version: 3.6.8');
    machine.env['KUBESKIPPY_ETCD'] = '/nowhere/etcd';
    await expect(locatePrograms(['etcd'], machine.options)).rejects.toThrow(
      'KUBESKIPPY_ETCD=/nowhere/etcd is not an executable file',
    );
  });
});

describe('PATH', () => {
  test.each([
    ['kube-apiserver', 'Kubernetes v1.36.9', true],
    ['kube-apiserver', 'Kubernetes v1.35.2', false],
    ['kubectl', 'Client Version: v1.35.0', true],
    ['kubectl', 'Client Version: v1.32.4-dispatcher', false],
    ['etcd', 'etcd Version: 3.5.13', true],
    ['etcd', 'etcd Version: 3.4.23', false],
    ['etcd', 'etcd Version: 3.5.12', false],
    ['temporal', 'temporal version 1.9.0 (Server 1.32.0)', true],
    ['temporal', 'temporal version 1.7.2 (Server 1.31.0)', false],
    ['prometheus', 'prometheus, version 3.5.0 (branch: HEAD)', true],
    ['prometheus', 'prometheus, version 2.55.1', false],
    ['prometheus', 'prometheus, version  (branch: )', false],
  ] as const)('%s that says "%s": %s', async (name, output, accepted) => {
    const machine = bareMachine();
    const onPath = machine.onPath(name, `echo '${output}'`);
    const bundle = { temporal: 'temporal-1.8.2', prometheus: 'prometheus-3.16.0' };
    const directory = name === 'temporal' || name === 'prometheus' ? `kubeskippy/${bundle[name]}` : KUBE_DIRECTORY;
    machine.cached(join(directory, directory === KUBE_DIRECTORY ? 'controlplane' : name), 'exit 0');
    const found = await locatePrograms([name], machine.options);
    expect(found[name]).toBe(accepted ? onPath : join(machine.root, 'cache', directory, name));
    expect(machine.lines.filter((line) => line.includes('passed over'))).toHaveLength(accepted ? 0 : 1);
  });

  test('a program that fails when asked for its version is passed over', async () => {
    const machine = bareMachine();
    machine.onPath('etcd', 'echo etcd Version: 3.6.8; exit 3');
    machine.cached(join(KUBE_DIRECTORY, 'controlplane'), 'exit 0');
    const { etcd } = await locatePrograms(['etcd'], machine.options);
    expect(etcd).toBe(join(machine.root, 'cache', KUBE_DIRECTORY, 'etcd'));
  });
});

describe('the cache', () => {
  test('takes a binary without a marker if it runs, links its names and marks it', async () => {
    const machine = bareMachine();
    const binary = machine.cached(join(KUBE_DIRECTORY, 'controlplane'), 'exit 0');
    const found = await locatePrograms(['etcd', 'kube-scheduler'], machine.options);
    expect(found).toEqual({
      etcd: join(binary, '../etcd'),
      'kube-scheduler': join(binary, '../kube-scheduler'),
    });
    expect(statSync(found.etcd).ino).toBe(statSync(binary).ino);
    const marker: unknown = JSON.parse(readFileSync(join(binary, '../.complete.json'), 'utf8'));
    expect(marker).toMatchObject({ size: statSync(binary).size });
  });

  test('keeps the layout of a build made by hand, links included', async () => {
    const machine = bareMachine();
    const binary = machine.cached(join(KUBE_DIRECTORY, 'controlplane'), 'exit 0');
    symlinkSync('controlplane', join(binary, '../etcd'));
    const { etcd } = await locatePrograms(['etcd'], machine.options);
    expect(statSync(etcd).ino).toBe(statSync(binary).ino);
  });

  test.each([
    [
      'truncated',
      (file: string) => {
        writeFileSync(file, '#!/bin/sh');
      },
    ],
    [
      'of the same size with other content',
      (file: string) => {
        writeFileSync(file, readFileSync(file, 'utf8').replace('exit 0', 'exit 1'));
        utimesSync(file, 1, 1);
      },
    ],
  ])('does not use a marked binary that is %s', async (_what, damage) => {
    const machine = bareMachine();
    const binary = machine.cached('kubeskippy/temporal-1.8.2/temporal', 'exit 0');
    await locatePrograms(['temporal'], machine.options);
    damage(binary);
    await expect(locatePrograms(['temporal'], machine.options)).rejects.toThrow('could neither be found nor made');
    expect(machine.lines.join('\n')).toMatch(/temporal-1\.8\.2\/temporal .*: it will be replaced/);
  });

  test('does not use a binary without a marker that does not run', async () => {
    const machine = bareMachine();
    machine.cached('kubeskippy/temporal-1.8.2/temporal', 'exit 1');
    await expect(locatePrograms(['temporal'], machine.options)).rejects.toThrow('could neither be found nor made');
  });

  test('accepts a marked binary that was copied, after hashing it', async () => {
    const machine = bareMachine();
    const binary = machine.cached('kubeskippy/temporal-1.8.2/temporal', 'exit 0');
    await locatePrograms(['temporal'], machine.options);
    utimesSync(binary, 1, 1);
    expect(await locatePrograms(['temporal'], machine.options)).toEqual({ temporal: binary });
    expect(existsSync(binary)).toBe(true);
  });
});

test('what cannot be had in any way gives one error with every reason and every way out', async () => {
  const machine = bareMachine();
  machine.onPath('kubectl', 'echo Client Version: v1.32.4');
  const failure = locatePrograms(['kubectl', 'temporal'], machine.options);
  await expect(failure).rejects.toThrow(/kubectl is version 1\.32\.4, 1\.35 to 1\.37 is needed/);
  await expect(failure).rejects.toThrow(/the build failed: there is no Go on PATH/);
  await expect(failure).rejects.toThrow(/KUBESKIPPY_KUBECTL, KUBESKIPPY_TEMPORAL/);
  await expect(failure).rejects.toThrow(/no download is pinned for/);
  await expect(failure).rejects.toThrow(/XDG_CACHE_HOME/);
});
