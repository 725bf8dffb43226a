import { createHash } from 'node:crypto';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

/** A right that one process of this machine has at a time. The kernel takes it back when the process ends, however. */
export interface ExclusiveRight {
  release(): Promise<void>;
}

export interface Holder {
  readonly heldBy: string;
}

/**
 * Takes the right named by `key`, or tells who holds it. A lock file would need its owner's pid judged dead or alive
 * and two successors kept apart; a listening socket in Linux's abstract namespace cannot be left behind.
 */
export async function tryExclusive(key: string): Promise<ExclusiveRight | Holder> {
  const waiting = new Set<Socket>();
  const server = createServer((socket) => {
    waiting.add(socket);
    socket.on('error', () => undefined).on('close', () => waiting.delete(socket));
    socket.write(`pid ${process.pid}`);
  });
  if (await listen(server, addressOf(key))) {
    server.unref();
    return {
      release: () =>
        new Promise((resolve) => {
          server.close(() => {
            resolve();
          });
          for (const socket of waiting) socket.destroy();
        }),
    };
  }
  return { heldBy: (await askHolder(key, false)) ?? 'a process that is ending' };
}

/** Does `work` while this process alone holds the right; waits for it as long as it takes. */
export async function exclusively<T>(
  key: string,
  onWait: (heldBy: string) => void,
  work: () => Promise<T>,
): Promise<T> {
  let told = false;
  for (;;) {
    const right = await tryExclusive(key);
    if ('release' in right) {
      try {
        return await work();
      } finally {
        await right.release();
      }
    }
    if (!told) onWait(right.heldBy);
    told = true;
    await askHolder(key, true);
    await delay(20);
  }
}

const addressOf = (key: string): string =>
  `\0kubeskippy-${process.getuid?.() ?? 0}-${createHash('sha256').update(key).digest('hex').slice(0, 40)}`;

function listen(server: Server, path: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve(false);
      else reject(error);
    });
    server.listen({ path }, () => {
      resolve(true);
    });
  });
}

/** What the holder says of itself; with `untilReleased` only once it holds no more. Undefined if there is none. */
function askHolder(key: string, untilReleased: boolean): Promise<string | undefined> {
  return new Promise((resolve) => {
    let answer: string | undefined;
    const socket = connect(addressOf(key));
    socket.on('data', (data) => {
      answer = data.toString();
      if (!untilReleased) socket.destroy();
    });
    socket
      .on('error', () => undefined)
      .on('close', () => {
        resolve(answer);
      });
  });
}
