/**
 * Does nothing, for long.
 *
 *   --seconds N     ends with 0 after N seconds; without it, never
 *   --ignore-term   does not end on SIGTERM
 *   --term-delay 0  seconds between SIGTERM and the end
 *   --tick S        writes a line every S seconds
 */
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string' },
    'ignore-term': { type: 'boolean', default: false },
    'term-delay': { type: 'string', default: '0' },
    tick: { type: 'string' },
  },
});

process.stdout.write('sleeper: sleeping\n');
const idle = setInterval(() => undefined, 3_600_000);
if (values.seconds !== undefined)
  setTimeout(
    () => {
      process.stdout.write('sleeper: done\n');
      process.exit(0);
    },
    Number(values.seconds) * 1000,
  );
if (values.tick !== undefined) {
  let count = 0;
  setInterval(() => process.stdout.write(`sleeper: tick ${++count}\n`), Number(values.tick) * 1000);
}
process.on('SIGTERM', () => {
  process.stdout.write(values['ignore-term'] ? 'sleeper: SIGTERM ignored\n' : 'sleeper: SIGTERM\n');
  if (values['ignore-term']) return;
  clearInterval(idle);
  setTimeout(() => process.exit(0), Number(values['term-delay']) * 1000);
});
