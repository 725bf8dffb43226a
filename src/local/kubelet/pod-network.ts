import { createServer, type Server } from 'node:net';
import { readFileSync, writeFileSync } from 'node:fs';
import { randomInt } from 'node:crypto';

const CLAIM_PORT = 20_250;
const FIRST_BLOCK = 64;
const LAST_BLOCK = 254;
const HOSTS = 65_000;

/** The address that a pod's processes bind, and the one that the API server is told. */
export interface PodAddress {
  readonly bind: string;
  readonly reported: string;
}

/**
 * Pod addresses out of one block 127.a.0.0/16. The API server refuses loopback addresses in EndpointSlices, so status
 * shows 10.a.b.c for 127.a.b.c. A listening socket holds the block against other nodes on the same machine.
 */
export class PodNetwork {
  readonly #block: number;
  readonly #claim: Server;
  readonly #used = new Set<number>();
  #cursor = 0;

  private constructor(block: number, claim: Server) {
    this.#block = block;
    this.#claim = claim;
  }

  /** Claims the block noted in `file`, or a free one, which it notes there. */
  static async claim(file: string): Promise<PodNetwork> {
    const preferred = readBlock(file);
    const candidates = preferred === undefined ? [] : [preferred];
    while (candidates.length < 64) candidates.push(randomInt(FIRST_BLOCK, LAST_BLOCK + 1));
    for (const block of candidates) {
      const claim = await listen(`127.${block}.255.254`);
      if (claim === undefined) continue;
      writeFileSync(file, String(block));
      return new PodNetwork(block, claim);
    }
    throw new Error(
      `no free pod address block: port ${CLAIM_PORT} could be bound on none of 64 addresses 127.x.255.254 ` +
        '(is 127.0.0.0/8 on the loopback interface? this node needs Linux)',
    );
  }

  /** A new address, or `wanted` (a reported address) if it lies in the block and is free. */
  allocate(wanted?: string): PodAddress {
    const index = wanted === undefined ? undefined : this.#indexOf(wanted);
    if (index !== undefined && !this.#used.has(index)) return this.#take(index);
    for (let tries = 0; tries < HOSTS; tries++) {
      this.#cursor = (this.#cursor % HOSTS) + 1;
      if (!this.#used.has(this.#cursor)) return this.#take(this.#cursor);
    }
    throw new Error(`all ${HOSTS} pod addresses of 10.${this.#block}.0.0/16 are in use`);
  }

  release(address: PodAddress): void {
    const index = this.#indexOf(address.reported);
    if (index !== undefined) this.#used.delete(index);
  }

  async close(): Promise<void> {
    await new Promise((resolve) => this.#claim.close(resolve));
  }

  #take(index: number): PodAddress {
    this.#used.add(index);
    const rest = `${this.#block}.${index >> 8}.${index & 255}`;
    return { bind: `127.${rest}`, reported: `10.${rest}` };
  }

  #indexOf(reported: string): number | undefined {
    const match = /^10\.(\d+)\.(\d+)\.(\d+)$/.exec(reported);
    if (match === null || Number(match[1]) !== this.#block) return undefined;
    return Number(match[2]) * 256 + Number(match[3]);
  }
}

/** Where on this machine a reported pod address is reached. */
export const bindAddressOf = (reported: string): string => reported.replace(/^10\./, '127.');

function readBlock(file: string): number | undefined {
  try {
    const block = Number(readFileSync(file, 'utf8'));
    return Number.isInteger(block) && block >= FIRST_BLOCK && block <= LAST_BLOCK ? block : undefined;
  } catch {
    return undefined;
  }
}

function listen(host: string): Promise<Server | undefined> {
  return new Promise((resolve) => {
    const server = createServer((socket) => socket.destroy());
    server.once('error', () => {
      resolve(undefined);
    });
    server.listen({ host, port: CLAIM_PORT, exclusive: true }, () => {
      resolve(server.unref());
    });
  });
}
