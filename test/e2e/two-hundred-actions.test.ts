import { beforeAll, expect, test } from '@jest/globals';
import { reportOn, type SwarmReport } from '../crash/swarm/report.ts';

/** Another one is other moments: `npm run test:swarm -- --seed N`. */
const SEED = 11;
const DEATHS = 4;

let report: SwarmReport;
beforeAll(async () => {
  report = await reportOn({
    seed: SEED,
    deaths: DEATHS,
    say: (line) => {
      process.stderr.write(`${line}\n`);
    },
  });
  process.stderr.write(`${JSON.stringify({ ...report, findings: report.findings.length })}\n`);
}, 540_000);

test('two hundred actions at once, while workers and the controller are killed, end as each would have ended alone', () => {
  expect(report.findings).toEqual([]);
});

test('and that was tried', () => {
  expect(report.actions).toBe(200);
  expect(report.kills.filter((name) => name === 'worker').length).toBeGreaterThanOrEqual(2);
  expect(report.kills.filter((name) => name === 'worker-2').length).toBeGreaterThanOrEqual(2);
  expect(report.kills.filter((name) => name === 'controller')).toHaveLength(1);
  expect(report.effects).toBeGreaterThan(170);
  expect(report.ends).toMatchObject({ RolledBack: 6, Refused: 10, Rejected: 6 });
});

test('and no Event of them was dropped', () => {
  expect(Object.keys(report.complaints).filter((line) => line.includes('events dropped'))).toEqual([]);
});
