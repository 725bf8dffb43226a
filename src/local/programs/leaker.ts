/**
 * A queue consumer that never gives memory back.
 *
 *   --rate 8         MiB that it leaks per second, really touched
 *   --max 0          MiB at which it stops growing; 0 for never
 *   --port 8080      serves / /healthz /readyz and /metrics (leaker_backlog_bytes)
 *
 * Its backlog is kept as a number in the emptyDir volume `spool` (KUBESKIPPY_VOLUME_SPOOL), if the pod has one: a restarted
 * container of the same pod loads it again and is soon where the last one was killed; a new pod starts clean.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

const MIB = 1024 * 1024;
const STEPS_PER_SECOND = 4;

const { values } = parseArgs({
  options: {
    rate: { type: 'string', default: '8' },
    max: { type: 'string', default: '0' },
    port: { type: 'string', default: '8080' },
  },
});

const volume = process.env['KUBESKIPPY_VOLUME_SPOOL'];
const spool = volume === undefined ? undefined : join(volume, 'backlog');
const backlog: Buffer[] = [];
let bytes = 0;

function grow(by: number): void {
  backlog.push(Buffer.alloc(by, 1)); // filled, so that the pages are really there
  bytes += by;
}

function reload(): void {
  if (spool === undefined) return;
  let saved = 0;
  try {
    saved = Number(readFileSync(spool, 'utf8'));
  } catch {
    return; // a new pod
  }
  process.stdout.write(`leaker: reloading a backlog of ${Math.round(saved / MIB)} MiB from the spool\n`);
  for (let left = saved; left > 0; left -= 4 * MIB) grow(Math.min(left, 4 * MIB));
}

createServer((request, response) => {
  response.setHeader('content-type', 'text/plain');
  if (request.url === '/metrics') response.end(`# TYPE leaker_backlog_bytes gauge\nleaker_backlog_bytes ${bytes}\n`);
  else response.end('ok\n');
}).listen(Number(values.port), process.env['KUBESKIPPY_BIND_ADDRESS'] ?? '127.0.0.1');

process.stdout.write(`leaker: leaking ${values.rate} MiB/s\n`);
reload();
const step = (Number(values.rate) * MIB) / STEPS_PER_SECOND;
const max = Number(values.max) * MIB;
setInterval(() => {
  if (max > 0 && bytes >= max) return;
  grow(Math.round(step));
  if (spool !== undefined) writeFileSync(spool, String(bytes));
}, 1000 / STEPS_PER_SECOND);
setInterval(() => {
  process.stdout.write(`leaker: backlog ${Math.round(bytes / MIB)} MiB\n`);
}, 2000);
process.on('SIGTERM', () => process.exit(0));
