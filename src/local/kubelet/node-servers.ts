import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Logger } from '../../telemetry/logger.ts';
import { LOGS_PATH, serveContainerLogs } from './container-logs.ts';
import type { Kubelet } from './kubelet.ts';
import { answerMetricsApi, type NodeUsageSource } from './metrics-api.ts';
import { prometheusPage } from './prometheus-page.ts';
import type { UsageHistory } from './usage-history.ts';

export interface ServedNode {
  readonly kubelet: Kubelet;
  readonly history: UsageHistory;
  readonly node: NodeUsageSource;
  readonly logger: Logger;
}

export interface TlsFiles {
  readonly cert: string;
  readonly key: string;
  /** CA of the clients that may read logs: the API server's kubelet client certificate. */
  readonly clientCa: string;
}

type Respond = (request: IncomingMessage, response: ServerResponse, url: URL) => Promise<void> | void;

/**
 * The HTTPS endpoint of the node: container logs for clients with a certificate of `clientCa`, and `metrics.k8s.io` for
 * the aggregator (figures without secrets, on loopback only, so that it needs no certificate of its own).
 */
export function createNodeEndpoint(served: ServedNode, files: TlsFiles): TlsServer {
  const tls = {
    cert: readFileSync(files.cert),
    key: readFileSync(files.key),
    ca: readFileSync(files.clientCa),
    requestCert: true,
    rejectUnauthorized: false, // decided per path
  };
  return createTlsServer(
    tls,
    guarded(served.logger, (request, response, url) => {
      const metrics = answerMetricsApi(url, served.history, served.node);
      if (metrics !== undefined) {
        json(response, metrics.status, metrics.body);
        return;
      }
      if (!('authorized' in request.socket) || request.socket.authorized !== true) {
        text(response, 401, 'Unauthorized: present a client certificate of the cluster\n');
        return;
      }
      if (LOGS_PATH.test(url.pathname)) return serveContainerLogs(served.kubelet, url, response);
      if (url.pathname === '/metrics' || url.pathname === '/metrics/cadvisor')
        text(response, 200, prometheusPage(served.kubelet, served.history));
      else if (url.pathname === '/healthz') health(served, response);
      else if (/^\/(exec|attach|portForward)\//.test(url.pathname))
        text(response, 501, 'this node runs plain processes: exec, attach and port-forward are not supported\n');
      else text(response, 404, `no such path: ${url.pathname}\n`);
    }),
  );
}

/** Plain HTTP on loopback for Prometheus: `/metrics`, and `/healthz` (200 once the pods of the node are known). */
export function createMetricsEndpoint(served: ServedNode): Server {
  return createServer(
    guarded(served.logger, (_request, response, url) => {
      if (url.pathname === '/metrics') text(response, 200, prometheusPage(served.kubelet, served.history));
      else if (url.pathname === '/healthz') health(served, response);
      else text(response, 404, `no such path: ${url.pathname} (try /metrics or /healthz)\n`);
    }),
  );
}

/** Listens on loopback and returns the port. */
export function listen(server: Server | TlsServer, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (error) => {
      reject(new Error(`cannot listen on 127.0.0.1:${port}: ${error.message}; choose another port`, { cause: error }));
    });
    server.listen(port, '127.0.0.1', () => {
      resolve((server.address() as AddressInfo).port);
    });
  });
}

function guarded(logger: Logger, respond: Respond): (request: IncomingMessage, response: ServerResponse) => void {
  return (request, response) => {
    const answer = async (): Promise<void> => {
      if (request.method !== 'GET' && request.method !== 'HEAD') text(response, 405, 'only GET\n');
      else await respond(request, response, new URL(request.url ?? '/', 'https://node'));
    };
    answer().catch((error: unknown) => {
      logger.error({ err: error, url: request.url }, 'request failed');
      if (response.headersSent) response.destroy();
      else text(response, 500, `${error instanceof Error ? error.message : String(error)}\n`);
    });
  };
}

function health({ kubelet }: ServedNode, response: ServerResponse): void {
  if (kubelet.synced) text(response, 200, 'ok');
  else text(response, 503, 'the pods of this node are not known yet');
}

const text = (response: ServerResponse, status: number, body: string): void => {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' }).end(body);
};

const json = (response: ServerResponse, status: number, body: unknown): void => {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
};
