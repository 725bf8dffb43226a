import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { KubeConfig } from '@kubernetes/client-node';
import { KubeClient } from '../../src/adapters/kubernetes/kube-client.ts';

/** One request as it arrived. */
export interface ScriptedRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly auditId: string | undefined;
  readonly contentType: string | undefined;
  readonly body: unknown;
}

/** What to answer: a status with a JSON body, or how the connection breaks instead. */
export type Answer = { readonly status: number; readonly body: unknown } | 'reset' | 'silence';

/** Answers every request over HTTP on loopback with what it is told, and remembers them. */
export class ScriptedApiServer {
  readonly requests: ScriptedRequest[] = [];
  answer: (request: ScriptedRequest) => Answer = () => ({ status: 500, body: {} });
  readonly #http: Server;

  private constructor(http: Server) {
    this.#http = http;
    http.on('request', (request, response) => void this.#serve(request, response));
  }

  static async start(): Promise<ScriptedApiServer> {
    const http = createServer();
    http.listen(0, '127.0.0.1');
    await once(http, 'listening');
    return new ScriptedApiServer(http);
  }

  async stop(): Promise<void> {
    this.#http.closeAllConnections();
    this.#http.close();
    await once(this.#http, 'close');
  }

  client(): KubeClient {
    const kubeConfig = new KubeConfig();
    kubeConfig.loadFromOptions({
      clusters: [
        { name: 'c', skipTLSVerify: true, server: `http://127.0.0.1:${(this.#http.address() as AddressInfo).port}` },
      ],
      users: [{ name: 'u', token: 'token' }],
      contexts: [{ name: 'x', cluster: 'c', user: 'u' }],
      currentContext: 'x',
    });
    return new KubeClient(kubeConfig);
  }

  /** From now on a Status, as the API server refuses. */
  refuse(status: number, reason: string, details: object = {}, message = reason): void {
    const body = { kind: 'Status', apiVersion: 'v1', status: 'Failure', code: status, reason, message, details };
    this.answer = () => ({ status, body });
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString();
    const url = new URL(request.url ?? '/', 'http://localhost');
    const seen: ScriptedRequest = {
      method: request.method ?? '',
      path: url.pathname,
      query: url.searchParams,
      auditId: request.headers['audit-id'] as string | undefined,
      contentType: request.headers['content-type'],
      body: text === '' ? undefined : (JSON.parse(text) as unknown),
    };
    this.requests.push(seen);
    const answer = this.answer(seen);
    if (answer === 'reset') request.socket.destroy();
    else if (answer !== 'silence') {
      response.writeHead(answer.status, { 'content-type': 'application/json' });
      response.end(JSON.stringify(answer.body));
    }
  }
}
