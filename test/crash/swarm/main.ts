/** 200 actions at once while workers die: `npm run test:swarm -- --seed N`. Exit code 1 if anything was found. See docs/crash-tests.md. */
import { parseArgs } from 'node:util';
import { reportOn } from './report.ts';

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    deaths: { type: 'string', default: '4' },
    keep: { type: 'string' },
  },
});
const began = Date.now();
const report = await reportOn({
  seed: Number(values.seed),
  deaths: Number(values.deaths),
  keep: values.keep,
  say: (line) => {
    process.stderr.write(`${((Date.now() - began) / 1000).toFixed(1).padStart(6)} s  ${line}\n`);
  },
});
process.stdout.write(`${JSON.stringify(report, undefined, 2)}\n`);
process.exitCode = report.findings.length === 0 ? 0 : 1;
