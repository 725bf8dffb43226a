/**
 * Works for a while and ends.
 *
 *   --seconds 1      how long
 *   --exit-code 0    how it ends
 */
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: { seconds: { type: 'string', default: '1' }, 'exit-code': { type: 'string', default: '0' } },
});

process.stdout.write(`job: working for ${values.seconds} s\n`);
setTimeout(
  () => {
    process.stdout.write(`job: ending with ${values['exit-code']}\n`);
    process.exit(Number(values['exit-code']));
  },
  Number(values.seconds) * 1000,
);
