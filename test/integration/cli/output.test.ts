import { execFile } from 'node:child_process';
import { describe, expect, test } from '@jest/globals';
import { resources } from '../../../src/adapters/kubernetes/resource.ts';
import type { HealingAction } from '../../../src/api/healing-action.ts';
import { runCommand } from '../../support/cli/command.ts';
import { eventually } from '../../support/eventually.ts';
import { serverForTests } from '../../support/installed-server.ts';
import { KubeskippyProcess, kubeskippyCommand } from '../../support/local/kubeskippy-process.ts';

const server = serverForTests();
const here = () => ({ KUBECONFIG: server.env.kubeconfig('admin') });
const at = { namespace: 'default' } as const;
const create = (name: string): Promise<unknown> =>
  server.admin.create(resources.healingActions, at, {
    apiVersion: 'kubeskippy.io/v1alpha1',
    kind: 'HealingAction',
    metadata: { name },
    spec: {
      policyRef: { name: 'none', namespace: 'default' },
      targetResource: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' },
      action: { name: 'again', type: 'restart' },
    },
  });

test('a phase that there is not is wrong usage, and those that there are are named', async () => {
  expect(await runCommand(here(), 'actions', '--phase', 'failed,Done')).toMatchObject({
    code: 2,
    stdout: '',
    output: expect.stringMatching(/no phase "Done": Pending, Approved, InProgress, Succeeded, Failed, Cancelled/),
  });
  expect(await runCommand(here(), 'actions', '--phase', 'failed, inprogress')).toMatchObject({ code: 0 });
});

describe('what goes on', () => {
  test.each([
    ['json', (name: string) => new RegExp(`^\\{\\n[^]*"kind": "HealingAction"[^]*"name": "${name}"[^]*^\\}\\n`, 'm')],
    ['yaml', (name: string) => new RegExp(`^---\\n[^]*kind: HealingAction\\n[^]*  name: ${name}\\n`, 'm')],
    ['name', (name: string) => new RegExp(`^healingaction\\.kubeskippy\\.io/${name}\\n`, 'm')],
  ])(
    'is printed as %s, too',
    async (format, shown) => {
      await create(`${format}-before`);
      const command = new KubeskippyProcess(process.execPath, kubeskippyCommand('actions', '-w', '-o', format), here());
      try {
        await eventually(() => {
          expect(command.stdout).toMatch(shown(`${format}-before`));
        }, 30_000);
        await create(`${format}-after`);
        await eventually(() => {
          expect(command.stdout).toMatch(shown(`${format}-after`));
        }, 30_000);
      } finally {
        command.dispose();
      }
      // What it prints can be read back: the list as a whole is no document of a stream.
      if (format === 'json') expect(command.stdout).not.toContain('"kind": "List"');
    },
    90_000,
  );
});

/** The exit code and the messages of a command whose reader leaves at once. */
const withoutReader = (...args: readonly string[]): Promise<string> =>
  new Promise((resolve) => {
    const script = '"$0" "$@" | true; echo "${PIPESTATUS[0]}"';
    const command = [process.execPath, ...kubeskippyCommand(...args)];
    execFile('bash', ['-c', script, ...command], { env: { ...process.env, ...here() } }, (_error, stdout, stderr) => {
      resolve(`${stderr}${stdout}`);
    });
  });

describe('a command whose reader has had enough', () => {
  test.each([
    ['a list', ['actions'], 0],
    ['data', ['actions', '-A', '-o', 'json'], 0],
    ['help', ['--help'], 0],
    ['a script', ['completion', 'bash'], 0],
    ['what is missing', ['audit', 'none', '-o', 'json'], 4],
  ] as const)(
    'that prints %s ends quietly',
    async (_what, args, code) => {
      await create(`read-${_what.replace(/\W/g, '-')}`);
      const told = await withoutReader(...args);
      expect(told.split('\n').at(-2)).toBe(String(code));
      expect(told).not.toMatch(/EPIPE|^ +at /m);
    },
    30_000,
  );

  test('ends when something changes, if it would go on', async () => {
    const ended = withoutReader('actions', '-w');
    let count = 0;
    const noise = setInterval(() => void create(`noise-${(count += 1)}`).catch(() => undefined), 300);
    try {
      expect(await ended).toBe('0\n');
    } finally {
      clearInterval(noise);
    }
  }, 60_000);
});

test('what is called like kubectl calls it is an action, and no file', async () => {
  for (const name of ['ha/none', 'healingaction.kubeskippy.io/none'])
    expect(await runCommand(here(), 'audit', 'verify', name)).toMatchObject({
      code: 4,
      output: expect.stringContaining('there is no HealingAction default/none'),
    });
  const [first] = (await server.admin.list<HealingAction>(resources.healingActions, at)).items;
  const name = first?.metadata.name ?? '';
  expect(await runCommand(here(), 'audit', 'verify', `ha/${name}`)).toMatchObject({ code: 0 });
});
