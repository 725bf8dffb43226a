import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Agent, createServer, request as send, type Server } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { readFileSync } from 'node:fs';
import type { CertificateFiles } from '../../../src/local/servers/certificates.ts';
import type { Answer } from './faults.ts';
import { LineFilter } from './line-filter.ts';
import type { Rule } from './rule.ts';
import type { SeenRequest } from './seen-request.ts';

export interface ApiProxyOptions {
  /** `https://127.0.0.1:6443` */
  readonly upstream: string;
  /** PEM file of the authority that has signed the API server's certificate, and the proxy's own. */
  readonly caFile: string;
  readonly serving: CertificateFiles;
}

/** A request that has been answered by the API server. */
export interface Exchange {
  readonly request: SeenRequest;
  readonly status: number;
}

/**
 * Stands between a client and the API server and lets happen what networks and servers let happen: TLS ends here, tokens
 * and bodies pass unchanged, and rules say what becomes of which request.
 */
export class ApiProxy {
  readonly #options: ApiProxyOptions;
  readonly #server: Server;
  readonly #agent: Agent;
  readonly #sockets = new Set<Socket>();
  readonly #rules = new Set<Rule>();
  readonly #listeners = new Set<(exchange: Exchange) => void>();
  #frozen: PromiseWithResolvers<'cut'> | undefined;
  #waiting = 0;

  private constructor(options: ApiProxyOptions, server: Server) {
    this.#options = options;
    this.#server = server;
    this.#agent = new Agent({ keepAlive: true, ca: readFileSync(options.caFile) });
    server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
    });
    server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      this.#serve(request, response).catch(() => {
        response.destroy(); // the client sees a broken connection, as from a server that died
      });
    });
  }

  static async start(options: ApiProxyOptions): Promise<ApiProxy> {
    const { certFile, keyFile } = options.serving;
    const server = createServer({
      cert: readFileSync(certFile),
      key: readFileSync(keyFile),
      keepAliveTimeout: 120_000,
    });
    server.on('tlsClientError', () => undefined); // the client died while it connected
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new ApiProxy(options, server);
  }

  get url(): string {
    return `https://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** The first rule that strikes decides about a request. */
  add(rule: Rule): Rule {
    this.#rules.add(rule);
    return rule;
  }

  remove(rule: Rule): void {
    this.#rules.delete(rule);
  }

  /** Told of every answer of the API server, in the order in which they come, until what is returned is called. */
  onExchange(listener: (exchange: Exchange) => void): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  /** From now on no request gets further than here. */
  freeze(): void {
    this.#frozen ??= Promise.withResolvers();
  }

  /** Requests that have come since it was frozen. */
  get waiting(): number {
    return this.#waiting;
  }

  /** Requests pass again; those that came meanwhile, and all connections, are cut. */
  cutAndThaw(): void {
    this.#frozen?.resolve('cut');
    this.#frozen = undefined;
    this.#waiting = 0;
    for (const socket of this.#sockets) socket.destroy();
  }

  async stop(): Promise<void> {
    this.cutAndThaw();
    this.#server.close();
    await once(this.#server, 'close');
    this.#agent.destroy();
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const seen = await received(request);
    if (this.#frozen !== undefined) {
      this.#waiting += 1;
      await this.#frozen.promise;
      response.destroy();
      return;
    }
    const rule = [...this.#rules].find((candidate) => candidate.strikes(seen));
    const fate = (await rule?.fault.before?.(seen)) ?? 'forward';
    if (fate === 'cut') response.destroy();
    else if (fate === 'forward') await this.#forward(request, seen, response, rule);
    else answer(response, fate);
  }

  async #forward(
    request: IncomingMessage,
    seen: SeenRequest,
    response: ServerResponse,
    rule: Rule | undefined,
  ): Promise<void> {
    const upstream = await this.#send(request, seen);
    const status = upstream.statusCode ?? 502;
    if (/[?&]watch=(1|true)/.test(seen.path)) {
      response.on('close', () => upstream.destroy());
      response.writeHead(status, passing(upstream.headers));
      const lines = rule?.fault.line === undefined ? undefined : new LineFilter((line) => rule.fateOf(line));
      for await (const chunk of upstream as AsyncIterable<Buffer>) {
        const { kept, cut } = lines?.pass(chunk) ?? { kept: chunk, cut: false };
        response.write(kept);
        if (!cut) continue;
        response.destroy();
        return;
      }
      response.end();
      return;
    }
    const body = await whole(upstream);
    for (const listener of this.#listeners) listener({ request: seen, status });
    if ((await rule?.fault.after?.(seen, status)) === 'cut') {
      response.destroy();
      return;
    }
    response.writeHead(status, { ...passing(upstream.headers), 'content-length': body.length });
    response.end(body, () => rule?.fault.replied?.(seen));
  }

  async #send(request: IncomingMessage, seen: SeenRequest): Promise<IncomingMessage> {
    const outgoing = send(new URL(seen.path, this.#options.upstream), {
      agent: this.#agent,
      method: seen.method,
      headers: { ...passing(request.headers), 'content-length': Buffer.byteLength(seen.body) },
    });
    outgoing.end(seen.body);
    const [upstream] = (await once(outgoing, 'response')) as [IncomingMessage];
    return upstream;
  }
}

/** Of one hop only, or made anew at each. */
const HOP = new Set(['connection', 'keep-alive', 'transfer-encoding', 'content-length', 'host']);

const passing = (headers: IncomingMessage['headers']): Record<string, string | string[]> =>
  Object.fromEntries(
    Object.entries(headers).filter(
      (entry): entry is [string, string | string[]] => entry[1] !== undefined && !HOP.has(entry[0]),
    ),
  );

async function whole(message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of message as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}

async function received(request: IncomingMessage): Promise<SeenRequest> {
  const auditId = request.headers['audit-id'];
  return {
    method: request.method ?? 'GET',
    path: request.url ?? '/',
    ...(typeof auditId === 'string' ? { auditId } : {}),
    body: (await whole(request)).toString(),
  };
}

function answer(response: ServerResponse, { status, headers, body }: Answer): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(body);
}
