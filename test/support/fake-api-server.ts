import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { KubeConfig } from '@kubernetes/client-node';
import { KubeClient } from '../../src/adapters/kubernetes/kube-client.ts';

export interface FakeObject {
  readonly apiVersion: 'v1';
  readonly kind: 'ConfigMap';
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly uid: string;
    readonly resourceVersion: string;
  };
  readonly data: Readonly<Record<string, string>>;
}

export interface FakeRequest {
  readonly kind: 'list' | 'watch' | 'initial-watch';
  readonly query: URLSearchParams;
  readonly authorization: string | undefined;
  readonly at: number;
}

/** Answers one request instead of the server's honest answer. */
export type Script = (response: ServerResponse, request: FakeRequest) => void;

interface HistoryEntry {
  readonly version: number;
  readonly line: string;
}
interface Stream {
  readonly response: ServerResponse;
  readonly socket: Socket;
}

const NAMESPACE = 'default';
const INITIAL_EVENTS_END = { 'k8s.io/initial-events-end': 'true' };

export const eventLine = (type: string, object: unknown): string => `${JSON.stringify({ type, object })}\n`;
export const statusOf = (code: number, reason: string, message = `${reason} on request`, details = {}): object => ({
  kind: 'Status',
  apiVersion: 'v1',
  status: 'Failure',
  code,
  reason,
  message,
  details,
});
export const answerStatus =
  (code: number, reason: string, headers: Readonly<Record<string, string>> = {}): Script =>
  (response) => {
    response.writeHead(code, { 'content-type': 'application/json', ...headers });
    response.end(JSON.stringify(statusOf(code, reason)));
  };
/** 200, then one ERROR event, then the end: how the API server refuses a watch once it has begun to answer. */
export const answerErrorEvent =
  (code: number, reason: string, message?: string): Script =>
  (response) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(eventLine('ERROR', statusOf(code, reason, message)));
  };
export const answerText =
  (text: string | Buffer, code = 200): Script =>
  (response) => {
    response.writeHead(code, { 'content-type': 'application/json' });
    response.end(text);
  };

/**
 * A collection of ConfigMaps behind the list and watch protocol of the API server, over HTTP on loopback. Honest unless told
 * otherwise: it streams initial events, resumes from its history, pages lists, answers 410 for a version before its history.
 * Faults come from `next…` (scripts for coming requests) and from what is done to streams that are open.
 */
export class FakeApiServer {
  readonly requests: FakeRequest[] = [];
  /** Bearer tokens that are accepted; undefined accepts everyone. */
  acceptedToken: string | undefined;
  readonly #http: Server;
  readonly #scripts: Record<FakeRequest['kind'], Script[]> = { list: [], watch: [], 'initial-watch': [] };
  readonly #streams = new Set<Stream>();
  readonly #sockets = new Set<Socket>();
  #objects = new Map<string, FakeObject>();
  #history: HistoryEntry[] = [];
  #oldest = 0;
  #version = 100;
  #uids = 0;
  #muted = false;
  #connections = 0;

  private constructor(http: Server) {
    this.#http = http;
    http.on('connection', (socket) => {
      this.#connections += 1;
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
    });
    http.on('request', (request, response) => {
      this.#answer(request, response);
    });
  }

  static async start(): Promise<FakeApiServer> {
    const http = createServer();
    http.listen(0, '127.0.0.1');
    await once(http, 'listening');
    return new FakeApiServer(http);
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#http.close();
    await once(this.#http, 'close');
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#http.address() as AddressInfo).port}`;
  }

  client(user: object = { token: 'token' }): KubeClient {
    const kubeConfig = new KubeConfig();
    kubeConfig.loadFromOptions({
      clusters: [{ name: 'fake', server: this.url, skipTLSVerify: true }],
      users: [{ name: 'user', ...user }],
      contexts: [{ name: 'fake', cluster: 'fake', user: 'user' }],
      currentContext: 'fake',
    });
    return new KubeClient(kubeConfig);
  }

  get version(): string {
    return String(this.#version);
  }

  get openStreams(): number {
    return this.#streams.size;
  }

  /** Connections since the start. */
  get connections(): number {
    return this.#connections;
  }

  count(kind: FakeRequest['kind']): number {
    return this.requests.filter((request) => request.kind === kind).length;
  }

  // --- the world ---

  put(name: string, data: Readonly<Record<string, string>> = {}): FakeObject {
    const known = this.#objects.get(name);
    const object = this.#make(name, data, known?.metadata.uid);
    this.#objects.set(name, object);
    this.#tell(known === undefined ? 'ADDED' : 'MODIFIED', object);
    return object;
  }

  remove(name: string): void {
    const known = this.#objects.get(name);
    if (known === undefined) throw new Error(`${name} does not exist`);
    this.#objects.delete(name);
    this.#version += 1;
    const metadata = { ...known.metadata, resourceVersion: this.version };
    this.#tell('DELETED', { ...known, metadata });
  }

  /** The history before now is gone: to go on from an older version is answered with 410 in the stream. */
  compact(): void {
    this.#history = [];
    this.#oldest = this.#version;
  }

  /** The state and version of an earlier time come back; open streams break, as with a server that was restarted. */
  snapshot(): () => void {
    const [objects, version] = [new Map(this.#objects), this.#version];
    return () => {
      this.#objects = new Map(objects);
      this.#version = version;
      this.#history = [];
      this.#oldest = 0;
      this.reset();
    };
  }

  // --- faults ---

  next(kind: FakeRequest['kind'], ...scripts: readonly Script[]): void {
    this.#scripts[kind].push(...scripts);
  }

  /** Sends bytes to the open watches. */
  send(bytes: string | Buffer): void {
    for (const { response } of this.#streams) response.write(bytes);
  }

  bookmark(): void {
    this.send(eventLine('BOOKMARK', this.#bookmark()));
  }

  /** Ends the open watches cleanly, after `bytes`. */
  end(bytes = ''): void {
    for (const { response } of this.#streams) response.end(bytes);
    this.#streams.clear();
  }

  /** Breaks every connection. */
  reset(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  /** Half-open: connections stay and new ones are accepted, but nothing comes any more; until `unmute`. */
  mute(): void {
    this.#muted = true;
  }

  unmute(): void {
    this.#muted = false;
  }

  #make(name: string, data: Readonly<Record<string, string>>, uid: string | undefined): FakeObject {
    this.#version += 1;
    const metadata = {
      name,
      namespace: NAMESPACE,
      uid: uid ?? `uid-${(this.#uids += 1)}`,
      resourceVersion: this.version,
    };
    return { apiVersion: 'v1', kind: 'ConfigMap', metadata, data };
  }

  #tell(type: string, object: FakeObject): void {
    const line = eventLine(type, object);
    this.#history.push({ version: this.#version, line });
    if (!this.#muted) this.send(line);
  }

  #bookmark(annotations: object = {}): object {
    return { kind: 'ConfigMap', apiVersion: 'v1', metadata: { resourceVersion: this.version, annotations } };
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const { searchParams: query } = new URL(request.url ?? '/', this.url);
    const kind =
      query.get('watch') !== 'true' ? 'list' : query.get('sendInitialEvents') === 'true' ? 'initial-watch' : 'watch';
    const { authorization } = request.headers;
    const recorded: FakeRequest = { kind, query, authorization, at: performance.now() };
    this.requests.push(recorded);
    if (this.#muted) return;
    const script = this.#scripts[kind].shift();
    if (script !== undefined) script(response, recorded);
    else if (this.acceptedToken !== undefined && authorization !== `Bearer ${this.acceptedToken}`)
      answerStatus(401, 'Unauthorized')(response, recorded);
    else if (kind === 'list') this.#list(query, response);
    else this.#watch(query, response);
  }

  #list(query: URLSearchParams, response: ServerResponse): void {
    const all = [...this.#objects.values()].map(({ metadata, data }) => ({ metadata, data }));
    const from = Number(query.get('continue') ?? 0);
    const limit = Number(query.get('limit') ?? all.length);
    const rest = from + limit < all.length ? { continue: String(from + limit) } : {};
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(
      JSON.stringify({
        kind: 'ConfigMapList',
        apiVersion: 'v1',
        metadata: { resourceVersion: this.version, ...rest },
        items: all.slice(from, from + limit),
      }),
    );
  }

  #watch(query: URLSearchParams, response: ServerResponse): void {
    const initial = query.get('sendInitialEvents') === 'true';
    const from = Number(query.get('resourceVersion') ?? 0);
    if (from > this.#version) return; // as the API server: no answer until it has reached the version
    response.writeHead(200, { 'content-type': 'application/json' });
    response.flushHeaders();
    if (!initial && from < this.#oldest) {
      response.end(eventLine('ERROR', statusOf(410, 'Expired', `too old resource version: ${from} (${this.#oldest})`)));
      return;
    }
    if (initial) {
      for (const object of this.#objects.values()) response.write(eventLine('ADDED', object));
      response.write(eventLine('BOOKMARK', this.#bookmark(INITIAL_EVENTS_END)));
    } else for (const { version, line } of this.#history) if (version > from) response.write(line);
    this.#follow(response);
  }

  #follow(response: ServerResponse): void {
    const { socket } = response;
    if (socket === null) return;
    const stream = { response, socket };
    this.#streams.add(stream);
    response.on('close', () => this.#streams.delete(stream));
  }
}
