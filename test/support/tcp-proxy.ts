import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

interface Link {
  readonly near: Socket;
  readonly far: Socket;
}

/** A link to a server on loopback that can be cut, or go dead without a word as behind a firewall that drops packets. */
export class TcpProxy {
  readonly #server: Server;
  readonly #links = new Set<Link>();
  readonly #dead = new Set<Socket>();
  #black = false;

  private constructor(server: Server, targetPort: number) {
    this.#server = server;
    server.on('connection', (near) => {
      near.on('error', () => undefined);
      if (this.#black) {
        this.#bury(near);
        return;
      }
      const far = connect(targetPort, '127.0.0.1');
      const link = { near, far };
      this.#links.add(link);
      near.pipe(far).pipe(near);
      for (const socket of [near, far]) {
        socket.on('error', () => socket.destroy());
        socket.on('close', () => {
          this.#links.delete(link);
          if (this.#dead.has(near)) return;
          near.destroy();
          far.destroy();
        });
      }
    });
  }

  static async start(targetPort: number): Promise<TcpProxy> {
    const server = createServer();
    const proxy = new TcpProxy(server, targetPort);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get openLinks(): number {
    return this.#links.size;
  }

  /** Resets every connection, also those that are dead. */
  cut(): void {
    for (const { near } of this.#links) near.resetAndDestroy();
    for (const near of this.#dead) near.resetAndDestroy();
  }

  /** From now on nothing comes through: not on connections that exist, which never live again, nor on new ones. */
  blackOut(): void {
    this.#black = true;
    for (const { near, far } of this.#links) {
      this.#bury(near);
      far.destroy();
    }
    this.#links.clear();
  }

  /** New connections come through again. */
  restore(): void {
    this.#black = false;
  }

  async stop(): Promise<void> {
    for (const { near, far } of this.#links) {
      near.destroy();
      far.destroy();
    }
    for (const socket of this.#dead) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #bury(near: Socket): void {
    this.#dead.add(near);
    near.unpipe();
    near.pause();
    near.on('close', () => this.#dead.delete(near));
  }
}
