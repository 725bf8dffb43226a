/**
 * An HTTP server.
 *
 *   --port 8080                where it listens (address from KUBESKIPPY_BIND_ADDRESS)
 *   --start-delay 0            seconds before it listens
 *   --fail-ready-after S       /readyz answers 503 from S seconds on
 *   --fail-live-after S        /healthz answers 503 from S seconds on
 *   --exit-after S             exits 1 after S seconds
 *   --ignore-term              does not end on SIGTERM
 *
 * Paths: / /healthz /readyz /metrics /fail?code=500 /slow?ms=100. `DATABASE_URL`, if set, must be a URL with a host: the
 * program refuses to start with a malformed one, as a service with a bad configuration does.
 */
import { createServer } from 'node:http';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '8080' },
    'start-delay': { type: 'string', default: '0' },
    'fail-ready-after': { type: 'string' },
    'fail-live-after': { type: 'string' },
    'exit-after': { type: 'string' },
    'ignore-term': { type: 'boolean', default: false },
  },
});

const log = (message: string): void => {
  process.stdout.write(`web: ${message}\n`);
};

const startedAt = Date.now();
const after = (seconds: string | undefined): boolean =>
  seconds !== undefined && Date.now() - startedAt >= Number(seconds) * 1000;

const database = process.env['DATABASE_URL'];
if (database !== undefined) {
  let host = '';
  try {
    host = new URL(database).hostname;
  } catch {
    // no URL at all
  }
  if (host === '') {
    process.stderr.write(
      `web: fatal: DATABASE_URL is malformed: expected scheme://host/name, got ${JSON.stringify(database)}\n`,
    );
    process.exit(1);
  }
  log(`database at ${host}`);
}

const answered = new Map<number, number>();
const server = createServer((request, response) => {
  const url = new URL(request.url ?? '/', 'http://web');
  const answer = (code: number, body: string): void => {
    answered.set(code, (answered.get(code) ?? 0) + 1);
    response.writeHead(code, { 'content-type': 'text/plain' }).end(body);
  };
  if (url.pathname === '/readyz') answer(after(values['fail-ready-after']) ? 503 : 200, 'ready\n');
  else if (url.pathname === '/healthz') answer(after(values['fail-live-after']) ? 503 : 200, 'ok\n');
  else if (url.pathname === '/fail') answer(Number(url.searchParams.get('code') ?? 500), 'failed on request\n');
  else if (url.pathname === '/slow')
    setTimeout(
      () => {
        answer(200, 'slow\n');
      },
      Number(url.searchParams.get('ms') ?? 100),
    );
  else if (url.pathname === '/metrics') {
    const lines = [...answered].map(([code, count]) => `http_requests_total{code="${code}"} ${count}\n`);
    response
      .writeHead(200, { 'content-type': 'text/plain' })
      .end(`# TYPE http_requests_total counter\n${lines.join('')}`);
  } else answer(url.pathname === '/' ? 200 : 404, `hello from ${process.env['HOSTNAME'] ?? 'web'}\n`);
});

const host = process.env['KUBESKIPPY_BIND_ADDRESS'] ?? '127.0.0.1';
setTimeout(
  () => {
    server.listen(Number(values.port), host, () => {
      log(`listening on ${host}:${values.port}`);
    });
  },
  Number(values['start-delay']) * 1000,
);

if (values['exit-after'] !== undefined)
  setTimeout(
    () => {
      process.stderr.write('web: fatal: giving up as told by --exit-after\n');
      process.exit(1);
    },
    Number(values['exit-after']) * 1000,
  );

process.on('SIGTERM', () => {
  if (values['ignore-term']) {
    log('SIGTERM ignored');
    return;
  }
  log('SIGTERM: closing');
  server.close(() => process.exit(0));
  server.closeAllConnections();
});
