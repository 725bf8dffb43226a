import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { accepted, AuditLogTail } from '../../src/local/demo/audit-log.ts';
import type { IncidentResult } from '../../src/local/demo/result.ts';
import { demoCommand, processesForTests } from '../support/local/kubeskippy-process.ts';
import { allGone } from '../support/local/stand-in.ts';
import { temporaryDirectory } from '../support/local/temporary-directory.ts';

const start = processesForTests();

/** The healer's effects by uid of the HealingAction, from the log that the API server left behind. */
function effectsIn(directory: string): Map<string, number> {
  const [kept = ''] = readdirSync(directory).filter((name) => name.startsWith('kubeskippy-demo-'));
  const log = new AuditLogTail(join(directory, kept, 'audit.log'), (line) => line.includes('/execute/'));
  const uids = log
    .read()
    .filter((entry) => accepted(entry) && !entry.auditID.endsWith('/claim'))
    .map(({ auditID }) => auditID.split('/')[1] ?? '');
  return new Map([...Map.groupBy(uids, (uid) => uid)].map(([uid, all]) => [uid, all.length]));
}

test('--once --json: three real faults are healed and verified, each by one effect', async () => {
  const directory = temporaryDirectory();
  const demo = start('npm', ['run', '--silent', 'demo', '--', '--once', '--json', '--keep-data'], {
    TMPDIR: directory,
  });
  const code = await demo.ended;
  await allGone(demo.tree.living, 3000);
  const { incidents } = JSON.parse(demo.stdout) as { incidents: IncidentResult[] };
  expect(incidents.map(({ name, action, healed, verified }) => ({ name, action, healed, verified }))).toEqual([
    { name: 'broken-image', action: 'undo', healed: true, verified: true },
    { name: 'bad-configuration', action: 'undo', healed: true, verified: true },
    { name: 'memory-leak', action: 'restart', healed: true, verified: true },
  ]);
  expect(code).toBe(0);
  const effects = effectsIn(directory);
  for (const { workflowId, evidenceToEffectMs, faultToEffectMs, faultToVerifiedMs } of incidents) {
    expect(effects.get(workflowId?.replace('ha-', '') ?? '')).toBe(1);
    // Evidence comes after the fault, the effect after the evidence, and the proof takes the window of 10 s.
    expect(evidenceToEffectMs).toBeGreaterThan(0);
    expect(faultToEffectMs).toBeGreaterThanOrEqual(evidenceToEffectMs ?? Infinity);
    expect(faultToVerifiedMs).toBeGreaterThan((faultToEffectMs ?? Infinity) + 9_900);
  }
});

test('when there is not time enough: exit code 1, and what each incident waits for', async () => {
  const demo = start(process.execPath, demoCommand('--once', '--timeout', '2'), { TMPDIR: temporaryDirectory() });
  const code = await demo.ended;
  await allGone(demo.tree.living, 3000);
  expect(code).toBe(1);
  expect(demo.stdout).toMatch(/memory-leak +orders +- +NO +NO/);
  expect(demo.stdout).toMatch(/memory-leak is not done; it waits for: /);
});

test.each([
  [['--json'], /--json needs --once/],
  [['--timeout', 'soon'], /'soon' is invalid. give a number of seconds/],
  [['--api-port', '99999'], /a port is a whole number from 1 to 65535/],
  [['tomorrow'], /too many arguments/],
])('%j is refused with one message', async (args, message) => {
  const demo = start(process.execPath, demoCommand(...args), { TMPDIR: temporaryDirectory() });
  const code = await demo.ended;
  expect(demo.output).toMatch(message);
  expect(demo.output.trim().split('\n').slice(1)).toEqual(['(try --help)']);
  expect(code).toBe(2);
});
