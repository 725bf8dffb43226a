import { createHash } from 'node:crypto';
import type { ConnectionOptions } from 'node:tls';
import type { DispatcherOptions, KubeConfig } from '@kubernetes/client-node';
import { Agent, ProxyAgent, type Dispatcher } from 'undici';

type Options = Parameters<KubeConfig['createDispatcherOptions']>;
interface Dispatching {
  createDispatcher?(...options: Options): Dispatcher | undefined;
}

const CONNECTING = { timeout: 5_000, keepAlive: true, keepAliveInitialDelay: 15_000 } as const;
const POOL = {
  /**
   * HTTP/2 would put all watches and calls on one connection: when that is half-open, every new try joins it and hangs as
   * well. With HTTP/1.1 each watch has its own, and a new try is a new connection.
   */
  allowH2: false,
  /** Idle connections stay for the next call; the API server closes them after 90 s. */
  keepAliveTimeout: 60_000,
  keepAliveMaxTimeout: 80_000,
} as const;

/** The pool of connections to one API server. */
export class ConnectionPool {
  #live: { readonly key: string; readonly dispatcher: Dispatcher | undefined } | undefined;

  /** The same pool while nothing changes that it depends on (server, proxy, CA, client certificate), else a new one. */
  take(server: string, options: DispatcherOptions, make: () => Dispatcher | undefined): Dispatcher | undefined {
    const key = createHash('sha256')
      .update(JSON.stringify([server, options]))
      .digest('hex');
    if (this.#live?.key === key) return this.#live.dispatcher;
    this.#live?.dispatcher?.close().catch(() => undefined); // ends once its last request has
    this.#live = { key, dispatcher: make() };
    return this.#live.dispatcher;
  }
}

/** client-node builds a new Agent, hence a new TLS connection, for every request. Take one from the pool instead. */
export function poolConnections(kubeConfig: KubeConfig, pool: ConnectionPool): KubeConfig {
  // createDispatcher is private upstream; a test guards this against upgrades.
  const target = kubeConfig as unknown as Dispatching;
  const original = target.createDispatcher?.bind(kubeConfig);
  if (original === undefined) throw new Error('@kubernetes/client-node no longer has KubeConfig.createDispatcher');
  target.createDispatcher = (cluster, agentOptions) => {
    const options = kubeConfig.createDispatcherOptions(cluster, agentOptions);
    return pool.take(cluster?.server ?? '', options, () => connect(options) ?? original(cluster, agentOptions));
  };
  return kubeConfig;
}

function connect(options: DispatcherOptions): Dispatcher | undefined {
  switch (options.type) {
    case 'agent':
      return new Agent({ ...POOL, connect: connecting(options.connect) });
    case 'none':
      return new Agent({ ...POOL, connect: CONNECTING });
    case 'proxy':
      return new ProxyAgent({
        ...POOL,
        uri: options.uri,
        requestTls: connecting(options.requestTls),
        connect: connecting(options.connect),
      });
    case 'socks':
      return undefined; // only client-node knows how
  }
}

// The port comes with each request's origin; left here it may be undefined, which undici's types refuse.
const connecting = ({ port: _port, ...tls }: ConnectionOptions) => ({ ...tls, ...CONNECTING });
