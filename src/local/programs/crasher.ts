/**
 * Ends with an error.
 *
 *   --after 0        seconds until it does
 *   --exit-code 1    how it ends
 *   --message TEXT   last words, on stderr
 */
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    after: { type: 'string', default: '0' },
    'exit-code': { type: 'string', default: '1' },
    message: { type: 'string', default: 'crasher: fatal: something went wrong' },
  },
});

process.stdout.write(`crasher: ending with ${values['exit-code']} in ${values.after} s\n`);
setTimeout(
  () => {
    process.stderr.write(`${values.message}\n`);
    process.exit(Number(values['exit-code']));
  },
  Number(values.after) * 1000,
);
