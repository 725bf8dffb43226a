import { readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Logger } from '../../telemetry/logger.ts';
import { LOGS_PATH, serveContainerLogs } from './container-logs.ts';
import type { Kubelet } from './kubelet.ts';
import { answerMetricsApi, type NodeUsageSource } from './metrics-api.ts';
import { prometheusPage } from './prometheus-page.ts';
import { callerOf, type NodeAuthorizer } from './node-authorizer.ts';
import type { UsageHistory } from './usage-history.ts';

export interface ServedNode {
  readonly kubelet: Kubelet;
  readonly history: UsageHistory;
  readonly node: NodeUsageSource;
  readonly authorizer: NodeAuthorizer;
  readonly logger: Logger;
}

export interface TlsFiles {
  readonly cert: string;
  readonly key: string;
  /** CA of the cluster's clients, among them the API server that fetches logs. */
  readonly clientCa: string;
  /** CA of the aggregator's certificate; without it `metrics.k8s.io` is answered to anybody on loopback. */
  readonly aggregatorCa?: string;
}

type Respond = (request: IncomingMessage, response: ServerResponse, url: URL) => Promise<void> | void;

/**
 * The HTTPS endpoint of the node: logs and metrics for callers with a client certificate whom the API server lets,
 * `metrics.k8s.io` for its aggregator, and `/healthz` (200 once the pods of the node are known) for anybody.
 */
export function createNodeEndpoint(served: ServedNode, files: TlsFiles): Server {
  const tls = {
    cert: readFileSync(files.cert),
    key: readFileSync(files.key),
    ca: [files.clientCa, files.aggregatorCa].filter((file) => file !== undefined).map((file) => readFileSync(file)),
    requestCert: true,
    rejectUnauthorized: false, // decided per path
  };
  return createServer(
    tls,
    guarded(served.logger, async (request, response, url) => {
      if (url.pathname === '/healthz') {
        health(served, response);
        return;
      }
      const caller = callerOf(request);
      if (caller === undefined && (files.aggregatorCa !== undefined || !url.pathname.startsWith('/apis'))) {
        text(response, 401, 'Unauthorized: present a client certificate of the cluster\n');
        return;
      }
      const metrics = answerMetricsApi(url, served.history, served.node);
      if (metrics !== undefined) {
        json(response, metrics.status, metrics.body);
        return;
      }
      const subresource = url.pathname.startsWith('/metrics') ? 'metrics' : 'proxy';
      if (caller === undefined || !(await served.authorizer.allows(caller, subresource)))
        text(response, 403, `Forbidden: ${caller?.user ?? 'nobody'} may not get nodes/${subresource} of this node\n`);
      else if (LOGS_PATH.test(url.pathname)) await serveContainerLogs(served.kubelet, url, response);
      else if (url.pathname === '/metrics' || url.pathname === '/metrics/cadvisor') page(served, response);
      else text(response, 404, `no such path: ${url.pathname}\n`);
    }),
  );
}

/** Listens on loopback and returns the port. */
export function listen(server: Server, port: number): Promise<number> {
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
      const url = new URL(request.url ?? '/', 'https://node');
      if (/^\/(exec|run|attach|portForward)\//.test(url.pathname))
        text(response, 501, 'this node runs plain processes: exec, attach and port-forward are not supported\n');
      else if (request.method === 'GET' || request.method === 'HEAD') await respond(request, response, url);
      else text(response, 405, 'only GET\n');
    };
    answer().catch((error: unknown) => {
      logger.error({ err: error, url: request.url }, 'request failed');
      if (response.headersSent) response.destroy();
      else text(response, 500, `${error instanceof Error ? error.message : String(error)}\n`);
    });
  };
}

function page({ kubelet, history }: ServedNode, response: ServerResponse): void {
  const type = 'text/plain; version=0.0.4; charset=utf-8';
  response.writeHead(200, { 'content-type': type }).end(prometheusPage(kubelet, history));
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
