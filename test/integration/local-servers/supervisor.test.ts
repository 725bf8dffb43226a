import { existsSync, readFileSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import { identify, isAlive, type ProcessIdentity } from '../../../src/local/supervisor/process-identity.ts';
import type { ProcessSpec, SupervisorEvent } from '../../../src/local/supervisor/process-spec.ts';
import { Supervisor } from '../../../src/local/supervisor/supervisor.ts';
import { eventually } from '../../support/eventually.ts';
import { temporaryDirectory } from '../../support/local/temporary-directory.ts';

const supervisors: Supervisor[] = [];
afterEach(async () => {
  for (const supervisor of supervisors.splice(0)) await supervisor.stopAll({ force: true });
});

function newSupervisor() {
  const logDirectory = temporaryDirectory();
  const events: SupervisorEvent[] = [];
  const supervisor = new Supervisor({ logDirectory, onEvent: (event) => events.push(event) });
  supervisors.push(supervisor);
  return { supervisor, events, logDirectory };
}

const shell = (name: string, script: string, more: Partial<ProcessSpec> = {}): ProcessSpec => ({
  name,
  command: '/bin/sh',
  args: ['-c', script],
  ...more,
});

const running = (supervisor: Supervisor, name: string): ProcessIdentity => {
  const { identity } = supervisor.get(name);
  if (identity === undefined) throw new Error(`${name} does not run`);
  return identity;
};

describe('start', () => {
  test('resolves when the probe says ready, not before', async () => {
    const { supervisor, logDirectory } = newSupervisor();
    const file = join(logDirectory, 'ready');
    const ready = async (): Promise<boolean> => existsSync(file);
    await supervisor.start(shell('a', `sleep 0.2; touch ${file}; exec sleep 300`, { ready }));
    expect(existsSync(file)).toBe(true);
    expect(supervisor.status()).toMatchObject([{ name: 'a', state: 'ready', restarts: 0 }]);
  });

  test('fails at once, with the end of the log, if the process ends first', async () => {
    const { supervisor } = newSupervisor();
    const ready = async (): Promise<boolean> => false;
    const failure = supervisor.start(shell('a', 'echo what went wrong >&2; exit 3', { ready }));
    await expect(failure).rejects.toThrow(/a ended before it was ready \(exit 3\)\. .*a\.log:\n {4}what went wrong/);
    expect(supervisor.status()).toMatchObject([{ state: 'failed' }]);
  });

  test('a log of an earlier run is not mistaken for this one', async () => {
    const { supervisor } = newSupervisor();
    const ready = async (): Promise<boolean> => false;
    await supervisor.start(shell('a', 'echo old trouble; exit 1', { ready })).catch(() => undefined);
    await expect(supervisor.start(shell('a', 'exit 1', { ready }))).rejects.toThrow(/a\.log \(empty\)$/);
  });

  test('knows a taken address from its log', async () => {
    const { supervisor } = newSupervisor();
    const ready = async (): Promise<boolean> => false;
    const script = 'echo "listen tcp 127.0.0.1:1: bind: address already in use"; seq 30; exit 1';
    await expect(supervisor.start(shell('a', script, { ready }))).rejects.toMatchObject({ addressInUse: true });
  });

  test('gives up after its time and leaves nothing running', async () => {
    const { supervisor } = newSupervisor();
    let pid: number | undefined;
    const ready = async (of: number): Promise<boolean> => {
      pid = of;
      return false;
    };
    await expect(supervisor.start(shell('a', 'sleep 300', { ready, readyTimeoutMs: 200 }))).rejects.toThrow(
      'a was not ready within 0.2 s',
    );
    expect(existsSync(`/proc/${pid}`)).toBe(false);
  });

  test('twice under one name is refused; after a stop it is not', async () => {
    const { supervisor } = newSupervisor();
    await supervisor.start(shell('a', 'exec sleep 300'));
    await expect(supervisor.start(shell('a', 'exec sleep 300'))).rejects.toThrow('a process named a runs already');
    await supervisor.stop('a');
    await supervisor.start(shell('a', 'exec sleep 300'));
  });

  test('passes on environment, directory and output', async () => {
    const { supervisor, logDirectory } = newSupervisor();
    await supervisor.start(
      shell('a', 'echo $GREETING $PWD; echo oops >&2; exec sleep 300', { env: { GREETING: 'hello' }, cwd: '/' }),
    );
    await eventually(() => {
      expect(readFileSync(join(logDirectory, 'a.log'), 'utf8')).toBe('hello /\noops\n');
    });
  });
});

describe('a process that dies', () => {
  test('is restarted, made ready again, and both are announced', async () => {
    const { supervisor, events } = newSupervisor();
    await supervisor.start(shell('etcd', 'exec sleep 300', { ready: async () => true }));
    const first = running(supervisor, 'etcd');
    expect(supervisor.kill('etcd', 'SIGKILL')).toBe(true);
    await eventually(() => {
      expect(events).toHaveLength(2);
    });
    expect(events[0]).toMatchObject({
      type: 'died',
      pid: first.pid,
      exit: 'exit 137',
      message: 'etcd died (exit 137), restarting',
    });
    expect(events[1]).toMatchObject({ type: 'restarted', pid: running(supervisor, 'etcd').pid });
    expect(events[1]?.message).toMatch(/^etcd died \(exit 137\), restarted after \d+\.\d s$/);
    expect(isAlive(first)).toBe(false);
    expect(supervisor.status()).toMatchObject([{ state: 'ready', restarts: 1 }]);
  });

  test('is tried again and again until it can run', async () => {
    const { supervisor, events, logDirectory } = newSupervisor();
    const counter = join(logDirectory, 'count');
    // Runs, then fails three times before it is ready, then runs.
    const script = `echo x >> ${counter}; n=$(wc -l < ${counter}); [ $n -gt 1 ] && [ $n -lt 5 ] && exit 1; touch ${counter}.$n; exec sleep 300`;
    const ready = async (): Promise<boolean> => existsSync(`${counter}.1`) || existsSync(`${counter}.5`);
    await supervisor.start(shell('a', script, { ready }));
    unlinkSync(`${counter}.1`);
    supervisor.kill('a', 'SIGKILL');
    await eventually(() => {
      expect(events.at(-1)?.type).toBe('restarted');
    }, 10_000);
    expect(readFileSync(counter, 'utf8')).toBe('x\n'.repeat(5));
    expect(events).toHaveLength(2);
  });

  test('is not restarted if that was not wanted, but announced', async () => {
    const { supervisor, events } = newSupervisor();
    await supervisor.start(shell('job', 'sleep 0.1; exit 7', { restart: false }));
    await eventually(() => {
      expect(events).toMatchObject([{ type: 'died', exit: 'exit 7', willRestart: false }]);
    });
    expect(supervisor.status()).toMatchObject([{ state: 'stopped' }]);
  });

  test('takes along what it left in its group', async () => {
    const { supervisor, logDirectory } = newSupervisor();
    const file = join(logDirectory, 'grandchild');
    const ready = async (): Promise<boolean> => existsSync(file) && readFileSync(file, 'utf8').endsWith('\n');
    await supervisor.start(shell('a', `sleep 300 & echo $! > ${file}; wait`, { ready, restart: false }));
    const grandchild = Number(readFileSync(file, 'utf8'));
    supervisor.kill('a', 'SIGKILL');
    await eventually(() => {
      expect(identify(grandchild)).toBeUndefined(); // a zombie does not count
    });
  });
});

describe('stop', () => {
  test('asks first, and announces nothing', async () => {
    const { supervisor, events, logDirectory } = newSupervisor();
    const file = join(logDirectory, 'trap');
    const ready = async (): Promise<boolean> => existsSync(`${file}.set`);
    const script = `trap 'echo asked > ${file}; exit 0' TERM; touch ${file}.set; while :; do sleep 0.05; done`;
    await supervisor.start(shell('polite', script, { ready }));
    await supervisor.stop('polite');
    expect(readFileSync(file, 'utf8')).toBe('asked\n');
    expect(events).toEqual([]);
  });

  test('kills who does not listen, or is stopped', async () => {
    const { supervisor } = newSupervisor();
    await supervisor.start(shell('deaf', `trap '' TERM; while :; do sleep 0.05; done`, { stopTimeoutMs: 200 }));
    await supervisor.start(shell('stopped', 'exec sleep 300'));
    const identities = [running(supervisor, 'deaf'), running(supervisor, 'stopped')];
    supervisor.kill('stopped', 'SIGSTOP');
    await supervisor.stopAll();
    expect(identities.filter(isAlive)).toEqual([]);
  });

  test('ends a start that is still waiting, and a restart', async () => {
    const { supervisor } = newSupervisor();
    const starting = supervisor.start(shell('slow', 'exec sleep 300', { ready: async () => false }));
    const failed = expect(starting).rejects.toThrow('slow was stopped before it was ready');
    await eventually(() => running(supervisor, 'slow'));
    const identity = running(supervisor, 'slow');
    await supervisor.stopAll();
    await failed;
    expect(isAlive(identity)).toBe(false);
    await expect(supervisor.start(shell('late', 'exec sleep 300'))).rejects.toThrow('everything is being stopped');
  });

  test('during a restart, nothing comes up any more', async () => {
    const { supervisor, events, logDirectory } = newSupervisor();
    const file = join(logDirectory, 'starts');
    const ready = async (): Promise<boolean> => existsSync(file);
    await supervisor.start(shell('a', `echo x >> ${file}; exec sleep 300`, { ready }));
    supervisor.kill('a', 'SIGKILL');
    await eventually(() => {
      expect(events).toHaveLength(1);
    });
    await supervisor.stopAll();
    expect(supervisor.status()).toEqual([expect.objectContaining({ state: 'stopped' })]);
    expect(supervisor.get('a').identity).toBeUndefined();
    expect(events).toHaveLength(1);
  });
});

test('a name that nobody has is an error that lists those there are', () => {
  const { supervisor } = newSupervisor();
  expect(() => supervisor.kill('nobody', 'SIGKILL')).toThrow('no process named nobody: there are none');
});
