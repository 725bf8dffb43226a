/**
 * Crashes in some of its lives: in each container restart of one pod it counts a file in the emptyDir volume `state`
 * (KUBESKIPPY_VOLUME_STATE) up, so that it can recover by itself.
 *
 *   --crashes 2     how many of its first lives end with an error
 *   --after 0.5     seconds until they do
 *   --port 8080     answers 200 here while it lives
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    crashes: { type: 'string', default: '2' },
    after: { type: 'string', default: '0.5' },
    port: { type: 'string', default: '8080' },
  },
});

const file = join(process.env['KUBESKIPPY_VOLUME_STATE'] ?? '.', 'lives');
let lives = 0;
try {
  lives = Number(readFileSync(file, 'utf8'));
} catch {
  // the first life
}
writeFileSync(file, String(lives + 1));
process.stdout.write(`flaky: life ${lives + 1}\n`);
createServer((_request, response) => response.end('ok\n')).listen(
  Number(values.port),
  process.env['KUBESKIPPY_BIND_ADDRESS'] ?? '127.0.0.1',
);
if (lives < Number(values.crashes))
  setTimeout(
    () => {
      process.stderr.write('flaky: fatal: lost the connection to the upstream\n');
      process.exit(1);
    },
    Number(values.after) * 1000,
  );
process.on('SIGTERM', () => process.exit(0));
