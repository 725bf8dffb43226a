import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { startLocalEnvironment, type LocalEnvironment } from '../../../src/local/environment.ts';
import { runCommand } from '../../support/cli/command.ts';
import { temporaryDirectory } from '../../support/local/temporary-directory.ts';

let env: LocalEnvironment;
beforeAll(async () => {
  env = await startLocalEnvironment({ components: ['apiserver'] });
}, 60_000);
afterAll(async () => {
  await env.stop();
});

/** The administrator's kubeconfig with another server or another credential in it. */
function kubeconfig(change: (text: string) => string): string {
  const file = join(temporaryDirectory(), 'kubeconfig');
  writeFileSync(file, change(readFileSync(env.kubeconfig('admin'), 'utf8')));
  return file;
}
const here = () => ({ KUBECONFIG: env.kubeconfig('admin') });

test('a cluster without KubeSkippy is told apart from one without the action', async () => {
  for (const command of [['actions'], ['explain', 'x'], ['approve', 'x', '--yes'], ['retry', 'x'], ['audit', 'x']])
    expect(await runCommand(here(), ...command)).toMatchObject({
      code: 4,
      output: expect.stringContaining('KubeSkippy is not installed there: kubectl apply --server-side -f crds/'),
    });
});

test('an API server that does not answer is said to be so, with its address', async () => {
  const file = kubeconfig((text) => text.replace(/(server: https:\/\/127\.0\.0\.1:)\d+/, '$11'));
  const said = await runCommand(here(), 'actions', '--kubeconfig', file);
  expect(said).toMatchObject({ code: 3, stdout: '' });
  expect(said.output).toMatch(
    /^kubeskippy: cannot list HealingActions: the API server at https:\/\/127\.0\.0\.1:1 does not answer/,
  );
});

test('credentials, contexts and files that are none are named', async () => {
  const refused = kubeconfig((text) => text.replace(/token: .*/, 'token: nonsense'));
  expect(await runCommand({ KUBECONFIG: refused }, 'actions')).toMatchObject({
    code: 1,
    output: expect.stringContaining('does not accept your credentials'),
  });
  expect(await runCommand(here(), 'actions', '--context', 'moon')).toMatchObject({
    code: 3,
    output: expect.stringContaining('asked for context moon'),
  });
  expect(await runCommand({}, 'actions', '--kubeconfig', '/no/such/file')).toMatchObject({
    code: 3,
    output: expect.stringContaining("there is no such kubeconfig: '/no/such/file'"),
  });
  expect(await runCommand(here(), 'actions', '--config', '/no/such/file')).toMatchObject({
    code: 2,
    output: expect.stringContaining('configuration file /no/such/file cannot be read'),
  });
});

test('a name that climbs is no name', async () => {
  expect(await runCommand(here(), 'explain', '..')).toMatchObject({
    code: 2,
    output: expect.stringContaining('".." is not a valid Kubernetes name'),
  });
});

test('a completion never complains', async () => {
  const file = kubeconfig((text) => text.replace(/(server: https:\/\/127\.0\.0\.1:)\d+/, '$11'));
  expect(await runCommand({ KUBECONFIG: file }, '__complete', '--', 'approve', '')).toEqual({
    code: 0,
    stdout: '',
    output: '',
  });
});
