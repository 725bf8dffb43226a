import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

const LISTEN = '0A';

/** Inodes of the TCP sockets that listen on a port, on whatever address. */
function listeningInodes(port: number): Set<string> {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const inodes = new Set<string>();
  for (const table of ['/proc/net/tcp', '/proc/net/tcp6']) {
    let rows: string[];
    try {
      rows = readFileSync(table, 'latin1').split('\n').slice(1);
    } catch {
      continue; // no IPv6
    }
    for (const row of rows) {
      const fields = row.trim().split(/\s+/);
      const inode = fields[9];
      if (fields[1]?.endsWith(suffix) === true && fields[3] === LISTEN && inode !== undefined) inodes.add(inode);
    }
  }
  return inodes;
}

function holdsAny(pid: number, inodes: ReadonlySet<string>): boolean {
  let descriptors: string[];
  try {
    descriptors = readdirSync(`/proc/${pid}/fd`);
  } catch {
    return false; // gone, or another user's
  }
  return descriptors.some((descriptor) => {
    try {
      const inode = /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${descriptor}`))?.[1];
      return inode !== undefined && inodes.has(inode);
    } catch {
      return false; // closed meanwhile
    }
  });
}

/** Whether exactly this process has a listening TCP socket on the port. */
export function listensOn(pid: number, port: number): boolean {
  const inodes = listeningInodes(port);
  return inodes.size > 0 && holdsAny(pid, inodes);
}

/** Who listens on a port, e.g. `node (pid 4711)`, as far as this user may know. */
export function whoListensOn(port: number): string | undefined {
  const inodes = listeningInodes(port);
  if (inodes.size === 0) return undefined;
  for (const entry of readdirSync('/proc')) {
    const pid = Number(entry);
    if (!Number.isInteger(pid) || !holdsAny(pid, inodes)) continue;
    try {
      return `${readFileSync(`/proc/${pid}/comm`, 'utf8').trim()} (pid ${pid})`;
    } catch {
      return `pid ${pid}`;
    }
  }
  return undefined;
}
