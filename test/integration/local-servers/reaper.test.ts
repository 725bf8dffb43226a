import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { afterEach, expect, test } from '@jest/globals';
import {
  identify,
  isAlive,
  signalProcess,
  type ProcessIdentity,
} from '../../../src/local/supervisor/process-identity.ts';
import { Reaper } from '../../../src/local/supervisor/reaper.ts';
import { spawnReaped } from '../../../src/local/supervisor/spawn-reaped.ts';
import { eventually } from '../../support/eventually.ts';
import { allGone, startStandIn, supervisorModule } from '../../support/local/stand-in.ts';

const cleanUp: (() => void)[] = [];
afterEach(() => {
  for (const clean of cleanUp.splice(0)) clean();
});

function sleeper(): ChildProcess & { readonly pid: number } {
  const child = spawn('/bin/sleep', ['300'], { detached: true, stdio: 'ignore' });
  cleanUp.push(() => child.kill('SIGKILL'));
  if (child.pid === undefined) throw new Error('no pid');
  return child as ChildProcess & { readonly pid: number };
}

function newReaper(): Reaper {
  const reaper = new Reaper();
  cleanUp.push(() => {
    reaper.close();
  });
  return reaper;
}

const identityOf = (pid: number): ProcessIdentity => {
  const identity = identify(pid);
  if (identity === undefined) throw new Error(`pid ${pid} does not run`);
  return identity;
};

const IMPORTS = `
  const { Reaper } = await import('${supervisorModule('reaper.ts')}');
  const { spawnReaped } = await import('${supervisorModule('spawn-reaped.ts')}');
  const reaper = new Reaper();`;

test.each(['SIGKILL', 'SIGTERM', 'SIGINT'] as const)('children end when the parent dies by %s', async (signal) => {
  const { child, pids } = await startStandIn(`${IMPORTS}
    const children = [];
    for (let i = 0; i < 3; i++) children.push(await spawnReaped(reaper, '/bin/sleep', ['300']));
    console.log(children.map(({ pid }) => pid).join(' '), reaper.pid);`);
  expect(pids).toHaveLength(4);
  child.kill(signal);
  await allGone(pids); // the reaper too
});

test('what a child left in its group ends too, even when the child itself is gone', async () => {
  const { child, pids } = await startStandIn(`${IMPORTS}
    const shell = await spawnReaped(reaper, '/bin/sh', ['-c', 'sleep 300 & echo $!; wait'], { stdio: ['ignore', 'pipe', 'ignore'] });
    shell.stdout.once('data', (data) => console.log(data.toString().trim(), shell.pid));
    setInterval(() => {}, 1000);`);
  const [grandchild, shell] = pids as [ProcessIdentity, ProcessIdentity];
  child.kill('SIGSTOP'); // so that it does not notice the death of its child
  signalProcess(shell, 'SIGKILL');
  child.kill('SIGKILL');
  await allGone([grandchild, shell]);
});

test('a parent that has nothing more to do may end although its reaper runs', async () => {
  const reaperOnly = await startStandIn(`${IMPORTS}
    const child = await spawnReaped(reaper, '/bin/sleep', ['300']);
    child.unref();
    console.log(child.pid, reaper.pid);
    process.stdin.resume();`);
  reaperOnly.child.stdin?.end();
  await once(reaperOnly.child, 'exit');
  await allGone(reaperOnly.pids);
});

test('grandchildren registered with a reaper of their own parent end when the eldest is killed', async () => {
  const inner = `${IMPORTS} const child = await spawnReaped(reaper, '/bin/sleep', ['300']); console.log(child.pid);
    setInterval(() => {}, 1000);`;
  const { child, pids } = await startStandIn(`${IMPORTS}
    const middle = await spawnReaped(reaper, process.execPath, ['--input-type=module', '-e', ${JSON.stringify(inner)}],
      { stdio: ['ignore', 'pipe', 'inherit'] });
    middle.stdout.once('data', (data) => console.log(data.toString().trim(), middle.pid));
    setInterval(() => {}, 1000);`);
  expect(pids).toHaveLength(2);
  child.kill('SIGKILL');
  await allGone(pids);
});

test('a reaper that is killed is replaced, and the new one knows everybody', async () => {
  const { child, pids } = await startStandIn(`${IMPORTS}
    const child = await spawnReaped(reaper, '/bin/sleep', ['300']);
    const first = reaper.pid;
    process.kill(first, 'SIGKILL');
    while (reaper.pid === first || reaper.pid === undefined) await new Promise((resolve) => setTimeout(resolve, 10));
    const second = await spawnReaped(reaper, '/bin/sleep', ['300']);
    console.log(child.pid, second.pid, reaper.pid);
    setInterval(() => {}, 1000);`);
  child.kill('SIGKILL');
  await allGone(pids);
});

test('a process that was forgotten is left alone', async () => {
  const reaper = newReaper();
  const [kept, forgotten] = [sleeper(), sleeper()];
  await reaper.register(kept.pid);
  await reaper.register(forgotten.pid);
  const identities = [identityOf(kept.pid), identityOf(forgotten.pid)] as const;
  reaper.forget(forgotten.pid);
  reaper.close();
  await allGone([identities[0]]);
  expect(isAlive(identities[1])).toBe(true);
});

test('a pid that belongs to another process by now is never touched', async () => {
  const stranger = sleeper();
  const program = new URL('../../../src/local/supervisor/reaper-process.ts', import.meta.url).pathname;
  const reaper = spawn(process.execPath, [program], { stdio: ['pipe', 'pipe', 'inherit'] });
  const identity = identityOf(stranger.pid);
  reaper.stdin.write(`+ ${stranger.pid} ${identity.startedAt}1\n`);
  reaper.stdin.write('+ 1 x\n+ -5 x\n+ nonsense\n');
  await once(reaper.stdout, 'data');
  reaper.stdin.end();
  await once(reaper, 'exit');
  expect(isAlive(identity)).toBe(true);
});

test('a command does not run before the reaper holds it', async () => {
  const reaper = newReaper();
  const asked = Promise.withResolvers<number>();
  const granted = Promise.withResolvers<undefined>();
  const slow = {
    register: async (pid: number): Promise<void> => {
      asked.resolve(pid);
      await granted.promise;
      await reaper.register(pid);
    },
    forget: (pid: number): void => {
      reaper.forget(pid);
    },
  };
  // Only these two of the reaper's methods are used.
  const starting = spawnReaped(slow as unknown as Reaper, '/bin/sleep', ['300']);
  const program = `/proc/${await asked.promise}/comm`;
  // Started later, does the same and more, and is through: enough time for the other, had it been let go.
  await once(spawn('/bin/sh', ['-c', 'exec sleep 0.2'], { stdio: 'ignore' }), 'exit');
  expect(readFileSync(program, 'utf8')).toBe('sh\n');
  granted.resolve(undefined);
  await starting;
  await eventually(() => {
    expect(readFileSync(program, 'utf8')).toBe('sleep\n');
  });
});

test('a command that does not exist ends with 127', async () => {
  const child = await spawnReaped(newReaper(), '/nowhere/program', []);
  if (child.exitCode === null) await once(child, 'exit');
  expect(child.exitCode).toBe(127);
});
