import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { randomInt } from 'node:crypto';
import { whoListensOn } from '../supervisor/listening-sockets.ts';

/** The ports that people learn by heart. Each is taken if it is free and nothing else was asked for. */
export const USUAL_PORTS = {
  api: 16443,
  etcd: 12379,
  etcdPeer: 12380,
  controllerManager: 16257,
  scheduler: 16259,
  kubelet: 10250,
  temporal: 7233,
  temporalUi: 8233,
  temporalHttp: 7243,
  temporalMetrics: 7239,
  prometheus: 9090,
} as const;

export type PortName = keyof typeof USUAL_PORTS;
export type Ports = Readonly<Record<PortName, number>>;
const portNames = Object.keys(USUAL_PORTS) as PortName[];

const HOST = '127.0.0.1';

/** A port that was asked for by number and that another program holds. */
export class PortInUseError extends Error {
  override readonly name = 'PortInUseError';
  readonly port: number;

  constructor(name: PortName, port: number) {
    super(
      `port ${port} for ${flagOf(name)} is in use${byWhom(port)}. End that program, or choose another port with ` +
        `--${flagOf(name)}-port, or leave the flag out: a free port is then chosen.`,
    );
    this.port = port;
  }
}

/** `temporalUi` → `temporal-ui`. */
export const flagOf = (name: PortName): string => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

export interface PortChoice {
  readonly requested?: Partial<Ports>;
  /** Take the usual port of each where it is free; else (tests) always others. */
  readonly preferUsual?: boolean;
  /** Hears which usual port was taken, and what was chosen instead. */
  readonly say?: (line: string) => void;
  /** Secures a port until its server listens; false if it is another's. Default: nobody else chooses at the same time. */
  readonly claim?: Claim;
}

type Claim = (port: number) => Promise<boolean>;
const unclaimed: Claim = () => Promise.resolve(true);

/** Picks a port for each name. Throws {@link PortInUseError} for a requested one that is taken. */
export async function choosePorts(choice: PortChoice): Promise<Ports> {
  const { requested = {}, claim = unclaimed } = choice;
  const chosen = await requestedPorts(requested, claim);
  for (const name of portNames) {
    if (chosen.has(name)) continue;
    const taken = new Set(chosen.values());
    chosen.set(name, (await usualPort(name, choice, taken)) ?? (await freePort(taken, claim)));
  }
  return Object.fromEntries(chosen) as Ports;
}

async function requestedPorts(requested: Partial<Ports>, claim: Claim): Promise<Map<PortName, number>> {
  const chosen = new Map<PortName, number>();
  for (const name of portNames) {
    const port = requested[name];
    if (port === undefined) continue;
    if (!Number.isInteger(port) || port < 1 || port > 65_535)
      throw new Error(`--${flagOf(name)}-port ${port} is not a port: it must be a whole number from 1 to 65535`);
    const twin = [...chosen].find(([, other]) => other === port)?.[0];
    if (twin !== undefined)
      throw new Error(`--${flagOf(twin)}-port and --${flagOf(name)}-port are both ${port}: choose another for one`);
    if (!(await isFree(port)) || !(await claim(port))) throw new PortInUseError(name, port);
    chosen.set(name, port);
  }
  return chosen;
}

async function usualPort(name: PortName, choice: PortChoice, taken: ReadonlySet<number>): Promise<number | undefined> {
  const port = USUAL_PORTS[name];
  if (choice.preferUsual !== true || taken.has(port)) return undefined;
  if ((await isFree(port)) && (await (choice.claim ?? unclaimed)(port))) return port;
  choice.say?.(`port ${port} for ${flagOf(name)} is in use${byWhom(port)}: another is chosen`);
  return undefined;
}

const byWhom = (port: number): string => {
  const holder = whoListensOn(port);
  return holder === undefined ? '' : ` by ${holder}`;
};

/** Whether a server could listen on the port of 127.0.0.1 now. */
export function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => {
      resolve(false);
    });
    server.listen({ host: HOST, port, exclusive: true }, () => {
      server.close(() => {
        resolve(true);
      });
    });
  });
}

/**
 * A free port below the range from which the kernel takes ports for outgoing connections: else, while a server is
 * being restarted, a client that tries to reach it may be given its very port.
 */
export async function freePort(except: ReadonlySet<number> = new Set(), claim = unclaimed): Promise<number> {
  const [low, high] = [12_000, Math.max(firstEphemeralPort(), 13_000)];
  for (let tries = 0; tries < 1000; tries++) {
    const port = randomInt(low, high);
    if (!except.has(port) && (await isFree(port)) && (await claim(port))) return port;
  }
  throw new Error(`no free port between ${low} and ${high} on ${HOST}: end some of the programs that listen there`);
}

function firstEphemeralPort(): number {
  try {
    return Number(readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8').split(/\s+/)[0]);
  } catch {
    return 32_768;
  }
}
