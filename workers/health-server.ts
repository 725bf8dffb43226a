import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { register } from 'prom-client';
import type { Config } from '../src/config/config.ts';

/** `/healthz` says that the process lives, `/readyz` that its parts run, `/metrics` what they did. */
export interface HealthServer {
  ready: boolean;
  readonly port: number;
  stop(): Promise<void>;
}

/** Port 0 serves nothing: what there is can then be read from the logs only. Rejects when the port is taken. */
export async function startHealthServer({ port, host }: Config['metrics']): Promise<HealthServer> {
  const health = { ready: false };
  if (port === 0) return Object.assign(health, { port, stop: () => Promise.resolve() });
  const server = createServer((request, response) => {
    const answer = (status: number, body: string): void => {
      response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' }).end(body);
    };
    switch (request.url ?? '') {
      case '/healthz':
        answer(200, 'alive\n');
        return;
      case '/readyz':
        answer(health.ready ? 200 : 503, health.ready ? 'ready\n' : 'starting or stopping\n');
        return;
      case '/metrics':
        void register.metrics().then(
          (text) => response.writeHead(200, { 'content-type': register.contentType }).end(text),
          (error: unknown) => {
            answer(500, `${String(error)}\n`);
          },
        );
        return;
      default:
        answer(404, 'there are /healthz, /readyz and /metrics\n');
    }
  });
  await listen(server, port, host);
  return Object.assign(health, {
    port: (server.address() as AddressInfo).port,
    stop: () =>
      new Promise<void>((resolve) => {
        server.closeAllConnections();
        server.close(() => {
          resolve();
        });
      }),
  });
}

const listen = (server: Server, port: number, host: string): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('error', (error) => {
      reject(
        new Error(
          `metrics port ${host}:${port} cannot be used (${error.message}): set metrics.port or KUBESKIPPY_METRICS_PORT`,
        ),
      );
    });
    server.listen(port, host, () => {
      resolve();
    });
  });
