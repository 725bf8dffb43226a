import type { Readable } from 'node:stream';
import { HttpMethod, KubeConfig, RequestContext } from '@kubernetes/client-node';
import { request as undiciRequest, type Dispatcher } from 'undici';
import { ConnectionPool, poolConnections } from './dispatcher.ts';
import { KubeError, kubeErrorFromNetwork, kubeErrorFromResponse } from './kube-error.ts';
import { pathOf, type Resource } from './resource.ts';

export type PatchType = 'json' | 'merge' | 'strategic' | 'apply';
type Query = Readonly<Record<string, string | number | boolean | undefined>>;

const CONTENT_TYPES: Readonly<Record<PatchType, string>> = {
  json: 'application/json-patch+json',
  merge: 'application/merge-patch+json',
  strategic: 'application/strategic-merge-patch+json',
  apply: 'application/apply-patch+yaml',
};
const DEFAULT_TIMEOUT_MS = 15_000;
/** Items of one answer to a list. */
const PAGE = 500;
const FIELD_MANAGER = 'kubeskippy';
/** Credentials that are refused over and over are not read anew for every call. */
const RELOAD_INTERVAL_MS = 10_000;

export interface Address {
  readonly namespace?: string;
  readonly name: string;
  readonly subresource?: string;
}
export interface CallOptions {
  readonly query?: Query;
  readonly signal?: AbortSignal;
  /** Bounds the whole call; default 15 s. */
  readonly timeoutMs?: number;
  /** Server-side dry run: admission and validation happen, nothing is stored. */
  readonly dryRun?: boolean;
  /** Sent as `Audit-ID`, which the API server keeps: joins its audit log to one attempt of ours. */
  readonly auditId?: string;
}
export interface PatchOptions extends CallOptions {
  /** For `apply`: take fields over from other managers. */
  readonly force?: boolean;
  readonly fieldManager?: string;
}
export interface ObjectList<T> {
  readonly items: T[];
  readonly resourceVersion: string;
}
export interface StreamOptions {
  readonly query?: Query;
  readonly signal: AbortSignal;
  readonly headersTimeoutMs?: number;
  /** Longest pause between two chunks; 0 for none. */
  readonly bodyTimeoutMs?: number;
}
export interface StreamResponse {
  readonly status: number;
  readonly body: Readable;
}

/**
 * Raw JSON over HTTP to one API server. Objects come and go as the server writes them: generated model classes drop the
 * fields that they do not know. No retries: who calls knows what an ambiguous answer means. Throws {@link KubeError}.
 */
export class KubeClient {
  readonly #pool = new ConnectionPool();
  readonly #server: string;
  readonly #reload: () => KubeConfig;
  #kubeConfig: KubeConfig;
  #reloadedAt = Number.NEGATIVE_INFINITY;

  /** `reload` is asked for new credentials when the server refuses the old ones; by default what was given is read anew. */
  constructor(kubeConfig: KubeConfig, reload: () => KubeConfig = () => copyOf(kubeConfig)) {
    this.#kubeConfig = poolConnections(kubeConfig, this.#pool);
    this.#server = serverOf(kubeConfig);
    this.#reload = reload;
  }

  /** From a kubeconfig file, or where kubectl would look (KUBECONFIG, ~/.kube/config, in-cluster). */
  static load(options: { readonly kubeconfig?: string; readonly context?: string } = {}): KubeClient {
    const load = (): KubeConfig => {
      const kubeConfig = new KubeConfig();
      if (options.kubeconfig === undefined) kubeConfig.loadFromDefault();
      else kubeConfig.loadFromFile(options.kubeconfig);
      if (options.context !== undefined) kubeConfig.setCurrentContext(options.context);
      return kubeConfig;
    };
    return new KubeClient(load(), load);
  }

  get server(): string {
    return this.#server;
  }

  get kubeConfig(): KubeConfig {
    return this.#kubeConfig;
  }

  get<T>(resource: Resource, at: Address, options?: CallOptions): Promise<T> {
    return this.request<T>('GET', pathOf(resource, at), options);
  }

  /** Like `get`, but undefined for an object that is not there. */
  async find<T>(resource: Resource, at: Address, options?: CallOptions): Promise<T | undefined> {
    try {
      return await this.get<T>(resource, at, options);
    } catch (error) {
      if (error instanceof KubeError && error.reason === 'NotFound') return undefined;
      throw error;
    }
  }

  /** All pages, or only the `first` items. Without `namespace`: every namespace. */
  async list<T>(
    resource: Resource,
    at: {
      readonly namespace?: string;
      readonly labelSelector?: string;
      readonly fieldSelector?: string;
      readonly first?: number;
      readonly notOlderThan?: string;
    } = {},
    options: CallOptions = {},
  ): Promise<ObjectList<T>> {
    const items: T[] = [];
    let continueToken: string | undefined;
    for (;;) {
      const page: ListPage<T> = await this.request<ListPage<T>>(
        'GET',
        pathOf(resource, at.namespace === undefined ? {} : { namespace: at.namespace }),
        {
          ...options,
          query: {
            limit: at.first ?? PAGE,
            labelSelector: at.labelSelector,
            fieldSelector: at.fieldSelector,
            // Further pages are of the same version as the first, and may not name one.
            ...(at.notOlderThan === undefined || continueToken !== undefined
              ? {}
              : { resourceVersion: at.notOlderThan, resourceVersionMatch: 'NotOlderThan' }),
            ...options.query,
            continue: continueToken,
          },
        },
      );
      items.push(...page.items);
      continueToken = page.metadata.continue;
      if (continueToken === undefined || continueToken === '' || at.first !== undefined)
        return { items, resourceVersion: page.metadata.resourceVersion ?? '' };
    }
  }

  create<T>(
    resource: Resource,
    at: { readonly namespace?: string; readonly name?: string; readonly subresource?: string },
    body: unknown,
    options: CallOptions = {},
  ): Promise<T> {
    return this.#write<T>('POST', pathOf(resource, at), body, 'application/json', options);
  }

  replace<T>(resource: Resource, at: Address, body: unknown, options: CallOptions = {}): Promise<T> {
    return this.#write<T>('PUT', pathOf(resource, at), body, 'application/json', options);
  }

  patch<T>(resource: Resource, at: Address, type: PatchType, body: unknown, options: PatchOptions = {}): Promise<T> {
    const { force, fieldManager, ...rest } = options;
    return this.#write<T>('PATCH', pathOf(resource, at), body, CONTENT_TYPES[type], {
      ...rest,
      query: { ...rest.query, force, ...(fieldManager === undefined ? {} : { fieldManager }) },
    });
  }

  delete(resource: Resource, at: Address, body: unknown, options: CallOptions = {}): Promise<unknown> {
    return this.request('DELETE', pathOf(resource, at), {
      ...options,
      body,
      query: { ...options.query, ...(options.dryRun === true ? { dryRun: 'All' } : {}) },
    });
  }

  #write<T>(
    method: 'POST' | 'PUT' | 'PATCH',
    path: string,
    body: unknown,
    contentType: string,
    options: CallOptions,
  ): Promise<T> {
    return this.request<T>(method, path, {
      ...options,
      body,
      contentType,
      // Strict: a field that the server does not know is our mistake and must not vanish silently.
      query: {
        fieldManager: FIELD_MANAGER,
        fieldValidation: 'Strict',
        ...options.query,
        ...(options.dryRun === true ? { dryRun: 'All' } : {}),
      },
    });
  }

  /** One call; the parsed body of the answer. */
  async request<T>(
    method: Dispatcher.HttpMethod,
    path: string,
    options: CallOptions & { readonly body?: unknown; readonly contentType?: string } = {},
  ): Promise<T> {
    const text = await this.text(method, path, options);
    try {
      return JSON.parse(text) as T;
    } catch (error) {
      const message = `the answer is no JSON: ${JSON.stringify(text.slice(0, 100))}`;
      throw new KubeError(
        `${method} ${path}`,
        { status: 0, reason: 'InvalidAnswer', message, causes: [] },
        { cause: error },
      );
    }
  }

  /** One call; the body of the answer as text (logs, metrics). */
  async text(
    method: Dispatcher.HttpMethod,
    path: string,
    options: CallOptions & { readonly body?: unknown; readonly contentType?: string } = {},
  ): Promise<string> {
    const timeout = AbortSignal.timeout(options.timeoutMs ?? DEFAULT_TIMEOUT_MS);
    const signal = options.signal === undefined ? timeout : AbortSignal.any([options.signal, timeout]);
    const response = await this.#send(method, path, { ...options, signal });
    try {
      const text = await response.body.text();
      if (response.statusCode >= 200 && response.statusCode < 300) return text;
      throw kubeErrorFromResponse(`${method} ${path}`, response.statusCode, text, header(response, 'retry-after'));
    } catch (error) {
      if (error instanceof KubeError) throw error;
      throw kubeErrorFromNetwork(`${method} ${path}`, error);
    }
  }

  /** An open stream (watch, log follow). The caller reads `body` and ends it by its signal. */
  async stream(path: string, options: StreamOptions): Promise<StreamResponse> {
    const response = await this.#send('GET', path, options);
    if (response.statusCode >= 200 && response.statusCode < 300)
      return { status: response.statusCode, body: response.body };
    const text = await response.body.text().catch(() => '');
    throw kubeErrorFromResponse(`GET ${path}`, response.statusCode, text, header(response, 'retry-after'));
  }

  /** A refused credential (401) is read anew, once: its file may have been rotated since. */
  async #send(method: Dispatcher.HttpMethod, path: string, options: Sending): Promise<Dispatcher.ResponseData> {
    const used = this.#kubeConfig;
    const response = await this.#sendOnce(method, path, options);
    if (response.statusCode !== 401 || !this.#renewCredentials(used)) return response;
    await response.body.dump();
    return this.#sendOnce(method, path, options);
  }

  #renewCredentials(refused: KubeConfig): boolean {
    if (this.#kubeConfig !== refused) return true; // another call has done it
    if (performance.now() - this.#reloadedAt < RELOAD_INTERVAL_MS) return false;
    this.#reloadedAt = performance.now();
    try {
      const renewed = this.#reload();
      if (serverOf(renewed) !== this.#server) return false;
      this.#kubeConfig = poolConnections(renewed, this.#pool);
      return true;
    } catch {
      return false; // the 401 tells enough
    }
  }

  async #sendOnce(method: Dispatcher.HttpMethod, path: string, options: Sending): Promise<Dispatcher.ResponseData> {
    const url = new URL(this.#server + path);
    for (const [key, value] of Object.entries(options.query ?? {}))
      if (value !== undefined) url.searchParams.set(key, String(value));
    const context = new RequestContext(url.toString(), HttpMethod.GET);
    try {
      await this.#kubeConfig.applySecurityAuthentication(context); // may ask a program for credentials, which may fail
      const dispatcher = context.getDispatcher();
      return await undiciRequest(url, {
        method,
        headers: {
          ...context.getHeaders(),
          accept: 'application/json',
          'user-agent': 'kubeskippy',
          ...(options.body === undefined ? {} : { 'content-type': options.contentType ?? 'application/json' }),
          ...(options.auditId === undefined ? {} : { 'audit-id': options.auditId }),
        },
        ...(options.body === undefined ? {} : { body: asGoWritesIt(options.body) }),
        ...(dispatcher === undefined ? {} : { dispatcher }),
        signal: options.signal,
        ...(options.headersTimeoutMs === undefined ? {} : { headersTimeout: options.headersTimeoutMs }),
        ...(options.bodyTimeoutMs === undefined ? {} : { bodyTimeout: options.bodyTimeoutMs }),
      });
    } catch (error) {
      throw kubeErrorFromNetwork(`${method} ${path}`, error);
    }
  }
}

/**
 * The API server compares the texts in a JSON Patch's `test` as they are written, with those that it writes itself: what
 * Go escapes must be escaped here too, or no test of a value such as `a && b` ever holds.
 */
const asGoWritesIt = (body: unknown): string =>
  JSON.stringify(body).replace(
    /[<>&\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );

function serverOf(kubeConfig: KubeConfig): string {
  const cluster = kubeConfig.getCurrentCluster();
  if (cluster === null)
    throw new Error(
      'the kubeconfig names no current cluster: choose one with `kubectl config use-context`, or set kubernetes.context or KUBESKIPPY_CONTEXT',
    );
  // What client-node makes up when it has found nothing at all; without TLS it refuses each request later on.
  if (cluster.server === 'http://localhost:8080' && !cluster.skipTLSVerify)
    throw new Error(
      'no cluster to talk to: there is no kubeconfig at KUBECONFIG or ~/.kube/config, and this does not run in a pod; ' +
        'set KUBECONFIG, or kubernetes.kubeconfig or KUBESKIPPY_KUBECONFIG',
    );
  return cluster.server.replace(/\/+$/, '');
}

/** The same settings, without what their authenticators have cached. */
function copyOf({ clusters, users, contexts, currentContext }: KubeConfig): KubeConfig {
  const copy = new KubeConfig();
  copy.loadFromOptions({ clusters, users, contexts, currentContext });
  return copy;
}

interface Sending extends StreamOptions {
  readonly body?: unknown;
  readonly contentType?: string;
  readonly auditId?: string;
}

interface ListPage<T> {
  readonly items: T[];
  readonly metadata: { readonly continue?: string; readonly resourceVersion?: string };
}

function header(response: Dispatcher.ResponseData, name: string): string | undefined {
  const value = response.headers[name];
  return Array.isArray(value) ? value[0] : value;
}
