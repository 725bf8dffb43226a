import { execFile } from 'node:child_process';
import { copyFileSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { HealingAction, HealingActionSpec } from '../../../src/api/healing-action.ts';
import { startStack, type Stack } from '../../../src/local/stack.ts';
import { runCommand, type Ran } from '../../support/cli/command.ts';
import { eventually } from '../../support/eventually.ts';
import { temporaryDirectory, writeScript } from '../../support/local/temporary-directory.ts';
import { Shop } from '../../support/shop.ts';

let stack: Stack;
let shop: Shop;

beforeAll(async () => {
  stack = await startStack();
  shop = await Shop.open(stack, 'counter');
  await shop.policy('asks', { mode: 'manual', actions: [{ name: 'again', type: 'restart' }] });
  await shop.policy('pods', {
    mode: 'automatic',
    selector: { resources: [{ apiVersion: 'v1', kind: 'Pod' }] },
    actions: [{ name: 'again', type: 'restart' }],
  });
  await shop.deploy('web');
}, 120_000);
afterAll(async () => {
  await stack.stop();
});

const environment = (): NodeJS.ProcessEnv => ({
  KUBECONFIG: stack.env.kubeconfig('admin'),
  KUBESKIPPY_TEMPORAL_ADDRESS: stack.env.temporal.address,
});
const cli = (...args: readonly string[]): Promise<Ran> => runCommand(environment(), ...args);
const here = ['-n', 'counter'] as const;
/** Each command is a process, and there may be many others. */
const PATIENCE_MS = 300_000;

const spec = (over: Partial<HealingActionSpec> = {}): HealingActionSpec => ({
  policyRef: { name: 'asks', namespace: 'counter' },
  targetResource: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' },
  action: { name: 'again', type: 'restart' },
  ...over,
});

const reaches = (name: string, reason: string): Promise<HealingAction> =>
  eventually(
    async () => {
      const action = await shop.readAction(name);
      if (action.status?.reason !== reason)
        throw new Error(`${name} is at ${action.status?.reason ?? 'nothing'}, not at ${reason}`);
      return action;
    },
    60_000,
    100,
  );
const asks = async (name: string): Promise<HealingAction> => {
  await shop.act(name, spec());
  return reaches(name, 'WaitingForApproval');
};

test(
  'a plan is listed, looked at, approved, followed to its end, and its record is checked',
  async () => {
    expect(await cli('actions', ...here)).toMatchObject({
      code: 0,
      stdout: '',
      output: 'no HealingActions in namespace counter\n',
    });
    const waiting = await asks('first');
    const list = await cli('actions', ...here, '--waiting');
    expect(list.stdout).toMatch(
      /^NAME +PHASE[^\n]*\nfirst +Pending +WaitingForApproval +restart +Deployment web +\d+s\n$/,
    );

    const before = await cli('explain', 'first', ...here);
    expect(before).toMatchObject({ code: 0, stdout: expect.stringContaining('kubeskippy approve first -n counter') });

    const approved = await cli('approve', 'first', ...here, '--yes', '--comment', 'go on');
    expect(approved).toMatchObject({ code: 0, stdout: expect.stringMatching(/approved by admin/) });
    expect(approved.output).toContain(waiting.status?.plan?.summary);
    expect(approved.output).toContain(waiting.status?.planDigest);

    expect((await shop.ended('first')).status).toMatchObject({ reason: 'Healed', approval: { reason: 'go on' } });
    const after = (await cli('explain', 'ha/first', ...here)).stdout;
    for (const words of ['by admin', '“go on”', 'restartedAt', 'audit 3', 'Healed:']) expect(after).toContain(words);
    expect(after).not.toContain('\u001b[');
    const told = JSON.parse((await cli('explain', 'first', ...here, '-o', 'json')).stdout) as {
      timeline: { step: string }[];
    };
    expect(told.timeline.map(({ step }) => step)).toEqual(
      expect.arrayContaining(['asked', 'plan', 'choice', 'approved', 'executed', 'verified', 'end']),
    );

    expect(
      (await cli('audit', 'first', ...here)).stdout
        .split('\n')
        .slice(1)
        .map((line) => line.split(/ +/)[3]),
    ).toEqual(['claim', 'intent', 'outcome', 'end', undefined]);
    expect(await cli('audit', 'verify', 'first', ...here)).toMatchObject({
      code: 0,
      stdout: 'intact: 4 entries of 1 HealingActions\n',
    });
    const again = await cli('approve', 'first', ...here, '--yes');
    expect(again).toMatchObject({ code: 0, stdout: expect.stringContaining('approved by admin already') });
    expect(await cli('reject', 'first', ...here, '--yes')).toMatchObject({
      code: 1,
      output: expect.stringContaining('a decision is final'),
    });
  },
  PATIENCE_MS,
);

test(
  'a plan that is rejected is not carried out, and can be tried again as a new action, once',
  async () => {
    await asks('second');
    expect(await cli('retry', 'second', ...here)).toMatchObject({
      code: 1,
      output: expect.stringContaining('has not ended'),
    });
    expect(await cli('reject', 'second', ...here, '--yes')).toMatchObject({ code: 0 });
    expect((await shop.ended('second')).status?.reason).toBe('Rejected');

    expect(await cli('retry', 'second', ...here, '--dry-run')).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('would be created'),
    });
    const created = await cli('retry', 'second', ...here);
    expect(created).toMatchObject({ code: 0, stdout: expect.stringMatching(/counter\/second-r1 is created/) });
    expect(await cli('retry', 'second', ...here)).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('already'),
    });
    const { spec: again } = await reaches('second-r1', 'WaitingForApproval');
    expect(again).toMatchObject({ retryOf: { name: 'second' }, action: { name: 'again', type: 'restart' } });
    await cli('reject', 'second-r1', ...here, '--yes', '--no-wait');
    expect((await shop.ended('second-r1')).status?.reason).toBe('Rejected');
  },
  PATIENCE_MS,
);

test(
  'nothing is decided without a yes, about another plan, or by somebody without the right',
  async () => {
    const { status } = await asks('third');
    expect(await cli('approve', 'third', ...here)).toMatchObject({ code: 2, output: expect.stringContaining('--yes') });
    expect(await cli('approve', 'third', ...here, '--digest', 'f'.repeat(32))).toMatchObject({
      code: 1,
      output: expect.stringContaining(`waits with plan ${status?.planDigest ?? ''}`),
    });
    const bob = await runCommand(
      { ...environment(), KUBECONFIG: stack.env.kubeconfig('bob') },
      'approve',
      'third',
      ...here,
      '--yes',
    );
    expect(bob).toMatchObject({ code: 1, output: expect.stringContaining('forbidden') });
    expect((await shop.readAction('third')).spec.approval).toBeUndefined();

    expect(await cli('approve', 'third', ...here, '--digest', status?.planDigest ?? '')).toMatchObject({ code: 0 });
    await shop.ended('third');
  },
  PATIENCE_MS,
);

test(
  'a decision that nobody takes is written, and said to be so',
  async () => {
    await asks('fourth');
    stack.env.supervisor.kill('worker', 'SIGSTOP');
    const late = await cli('approve', 'fourth', ...here, '--yes', '--timeout', '1');
    stack.env.supervisor.kill('worker', 'SIGCONT');
    expect(late).toMatchObject({ code: 5, output: expect.stringContaining('has not taken it within 1 s') });
    expect((await shop.ended('fourth')).status).toMatchObject({ approval: { approved: true } });
  },
  PATIENCE_MS,
);

describe('an operator', () => {
  const block = async (name: string): Promise<void> => {
    await shop.deploy(`db-${name}`);
    await shop.forbidEvictions(`db-${name}`);
    const [pod] = await shop.podsOf(`db-${name}`);
    await shop.act(
      name,
      spec({
        policyRef: { name: 'pods', namespace: 'counter' },
        targetResource: { apiVersion: 'v1', kind: 'Pod', name: pod?.metadata.name ?? '' },
        retryPolicy: { maxAttempts: 1 },
      }),
    );
    await reaches(name, 'AwaitingOperator');
  };

  test(
    'is answered by a healing that waits for one, and by no other',
    async () => {
      await asks('calm');
      expect(await cli('operate', 'calm', 'abort', ...here)).toMatchObject({
        code: 1,
        output: expect.stringContaining('no operator is waited for now'),
      });
      await cli('reject', 'calm', ...here, '--yes');

      await block('stuck');
      expect((await cli('explain', 'stuck', ...here)).stdout).toContain('kubeskippy operate stuck retry -n counter');
      expect(await cli('operate', 'stuck', 'dance', ...here)).toMatchObject({ code: 2 });
      const away = await cli('operate', 'stuck', 'abort', ...here, '--temporal-address', '127.0.0.1:1');
      expect(away).toMatchObject({ code: 3, output: expect.stringContaining('Temporal at 127.0.0.1:1') });
      expect(await cli('operate', 'stuck', 'abort', ...here)).toMatchObject({
        code: 0,
        stdout: 'HealingAction counter/stuck: abort is ordered\n',
      });
      expect((await shop.ended('stuck')).status?.reason).toBe('Aborted');
      expect(await cli('operate', 'stuck', 'abort', ...here)).toMatchObject({
        code: 1,
        output: expect.stringContaining('has ended'),
      });
    },
    PATIENCE_MS,
  );
});

describe('the copy of the record', () => {
  test(
    'is what the worker has written, and shows any tampering',
    async () => {
      const log = stack.env.supervisor.status().find(({ name }) => name === 'worker')?.logFile ?? '';
      const file = join(temporaryDirectory(), 'worker.log');
      copyFileSync(log, file);
      expect(await runCommand({ KUBECONFIG: '/nowhere' }, 'audit', 'verify', file)).toMatchObject({
        code: 0,
        stdout: expect.stringMatching(/^intact: \d+ entries of \d HealingActions\n/),
      });
      expect(await cli('audit', 'verify', file, '--with-status', '-A')).toMatchObject({ code: 0 });

      const uid = (await shop.readAction('first')).metadata.uid;
      const lines = readFileSync(file, 'utf8').split('\n');
      const third = lines.findIndex((line) => line.includes(uid) && line.includes('"seq":3'));
      expect(third).toBeGreaterThan(0);
      const tampered = async (change: (all: string[]) => string[]): Promise<Ran> => {
        writeFileSync(file, change([...lines]).join('\n'));
        return cli('audit', 'verify', file);
      };
      const wrong = (words: string) => ({
        code: 1,
        stdout: expect.stringContaining(`counter/first (${uid}): ${words}`),
      });
      expect(await tampered((all) => all.with(third, (all[third] ?? '').replace('done', 'none')))).toMatchObject(
        wrong('entry 3 was changed'),
      );
      expect(await tampered((all) => all.toSpliced(third, 1))).toMatchObject(wrong('entry 3 is missing'));
      expect(await tampered((all) => [...all.toSpliced(third, 1), all[third] ?? ''])).toMatchObject(
        wrong('entry 3 stands behind'),
      );
      // Nothing of an action at all: only the cluster can tell.
      writeFileSync(file, lines.filter((line) => !line.includes(uid)).join('\n'));
      expect(await cli('audit', 'verify', file)).toMatchObject({ code: 0 });
      expect(await cli('audit', 'verify', file, '--with-status', ...here)).toMatchObject(
        wrong('entry 1 is in the status'),
      );
    },
    PATIENCE_MS,
  );
});

describe('in a shell', () => {
  const run = promisify(execFile);
  const main = fileURLToPath(new URL('../../../src/cli/main.ts', import.meta.url));

  /** A directory for PATH with a program of this name that is us. */
  function installed(name: string): string {
    const directory = temporaryDirectory();
    symlinkSync(main, join(directory, 'linked'));
    const link = join(temporaryDirectory(), name);
    symlinkSync(main, link);
    writeScript(join(directory, name), `exec ${process.execPath} --disable-warning=ExperimentalWarning ${link} "$@"`);
    return directory;
  }

  test(
    'bash completes commands, options, and the names of actions that fit',
    async () => {
      await asks('to-be-completed');
      const complete = async (...words: readonly string[]): Promise<string[]> => {
        const script = [
          'source <(kubeskippy completion bash)',
          `COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')})`,
          `COMP_CWORD=${words.length - 1}`,
          '_kubeskippy',
          'printf "%s\\n" "${COMPREPLY[@]}"',
        ];
        const { stdout } = await run('bash', ['-c', script.join('\n')], {
          env: {
            ...process.env,
            ...environment(),
            PATH: `${installed('kubeskippy')}${delimiter}${process.env['PATH'] ?? ''}`,
          },
        });
        return stdout.trim().split('\n');
      };
      expect(await complete('kubeskippy', 'ex')).toEqual(['explain']);
      expect(await complete('kubeskippy', 'approve', '--com')).toEqual(['--comment']);
      expect(await complete('kubeskippy', 'approve', '-n', 'counter', '')).toEqual(['to-be-completed']);
      expect(await complete('kubeskippy', 'explain', '-n', 'counter', 'sec')).toEqual(['second', 'second-r1']);
      expect(await complete('kubeskippy', 'explain', '-n', 'coun')).toEqual(['counter']);
      await cli('reject', 'to-be-completed', ...here, '--yes', '--no-wait');
    },
    PATIENCE_MS,
  );

  test('kubectl finds it as a plugin, and its usage says so', async () => {
    const { stdout } = await run(stack.env.kubectl, ['kubeskippy', 'explain', '--help'], {
      env: { ...process.env, PATH: `${installed('kubectl-kubeskippy')}${delimiter}${process.env['PATH'] ?? ''}` },
    });
    expect(stdout).toContain('Usage: kubectl kubeskippy explain');
  });
});

test(
  'lists are for programs too',
  async () => {
    const json = JSON.parse((await cli('actions', '-A', '-o', 'json')).stdout) as { items: HealingAction[] };
    expect(json.items.map(({ metadata }) => metadata.name)).toEqual(
      expect.arrayContaining(['first', 'second', 'stuck']),
    );
    const names = (await cli('actions', ...here, '-o', 'name', '--phase', 'succeeded')).stdout.split('\n');
    expect(names[0]).toBe('healingaction.kubeskippy.io/first');
    expect((await cli('actions', '-A', '--policy', 'pods')).stdout).toMatch(
      /^NAMESPACE +NAME[^\n]*\ncounter +stuck [^\n]*\n$/,
    );
  },
  PATIENCE_MS,
);
