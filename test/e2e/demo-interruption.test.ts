import { readdirSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { demoCommand, processesForTests, type KubeskippyProcess } from '../support/local/kubeskippy-process.ts';
import { temporaryDirectory } from '../support/local/temporary-directory.ts';
import { allGone } from '../support/local/stand-in.ts';
import { eventually } from '../support/eventually.ts';

const start = processesForTests();
const demo = (env: NodeJS.ProcessEnv = {}): KubeskippyProcess => start(process.execPath, demoCommand(), env);

async function until(what: () => boolean): Promise<void> {
  await eventually(
    () => {
      expect(what()).toBe(true);
    },
    90_000,
    20,
  );
}

const says = (process: KubeskippyProcess, text: string): Promise<void> => until(() => process.output.includes(text));

const MOMENTS: readonly {
  readonly moment: string;
  readonly reached: (demo: KubeskippyProcess) => boolean;
  readonly signal: NodeJS.Signals;
}[] = [
  { moment: 'while the servers are starting', reached: ({ tree }) => tree.size > 4, signal: 'SIGINT' },
  { moment: 'when they are ready', reached: ({ output }) => output.includes('servers ready'), signal: 'SIGTERM' },
  { moment: 'while apps are coming up', reached: ({ output }) => output.includes('KUBECONFIG'), signal: 'SIGHUP' },
  { moment: 'in an incident', reached: ({ output }) => output.includes('storefront: detected'), signal: 'SIGINT' },
];

test.each(MOMENTS)('$moment: $signal ends everything, and its data is gone', async ({ reached, signal }) => {
  const directory = temporaryDirectory();
  const process = demo({ TMPDIR: directory });
  await until(() => reached(process));
  const at = Date.now();
  process.signalGroup(signal);
  await process.ended;
  await allGone(process.tree.living, 3000);
  expect(Date.now() - at).toBeLessThan(10_000);
  expect(readdirSync(directory)).toEqual([]);
});

test('a second Ctrl-C does not wait for anything', async () => {
  const process = demo();
  await says(process, 'storefront: fault');
  expect(process.tree.size).toBeGreaterThan(10);
  process.signalGroup('SIGINT');
  await setTimeout(800); // sooner it would count as the same one
  if (process.child.exitCode === null) process.signalGroup('SIGINT');
  await process.ended;
  await allGone(process.tree.living, 3000);
});

test('kill -9 leaves nothing running', async () => {
  const process = demo();
  await says(process, 'storefront: fault');
  expect(process.tree.size).toBeGreaterThan(10);
  process.child.kill('SIGKILL');
  await process.ended;
  await allGone(process.tree.living, 5000);
});

test.each(['SIGTERM', 'SIGHUP', 'SIGKILL'] as const)(
  '%s to the npm that started it ends everything, although npm tells nobody',
  async (signal) => {
    const process = start('npm', ['run', 'demo']);
    await says(process, 'servers ready');
    process.child.kill(signal);
    await process.ended;
    await allGone(process.tree.living, 10_000);
  },
);

test('two at once have nothing in common and both end', async () => {
  const both = [demo(), demo()];
  await Promise.all(both.map((process) => says(process, 'storefront: fault')));
  for (const process of both) process.signalGroup('SIGINT');
  const codes = await Promise.all(both.map((process) => process.ended));
  expect(codes).toEqual([0, 0]);
  await allGone(
    both.flatMap((process) => process.tree.living),
    3000,
  );
});
