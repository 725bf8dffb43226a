import { createServer } from 'node:net';
import { afterEach, describe, expect, test } from '@jest/globals';
import { PortClaims } from '../../../../src/local/servers/port-claims.ts';
import { choosePorts, freePort, isFree, USUAL_PORTS } from '../../../../src/local/servers/ports.ts';
import { listensOn, whoListensOn } from '../../../../src/local/supervisor/listening-sockets.ts';

const open: { close(): unknown }[] = [];
afterEach(() => {
  for (const server of open.splice(0)) server.close();
});

async function occupy(port: number, host = '127.0.0.1'): Promise<void> {
  const server = createServer();
  open.push(server);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
}

test('every port is chosen, all different, none where the kernel takes ports for outgoing connections', async () => {
  const ports = Object.values(await choosePorts({}));
  expect(ports).toHaveLength(Object.keys(USUAL_PORTS).length);
  expect(new Set(ports).size).toBe(ports.length);
  expect(Math.max(...ports)).toBeLessThan(32_768);
});

test('a requested port is taken as it is', async () => {
  const port = await freePort();
  expect((await choosePorts({ requested: { api: port } })).api).toBe(port);
});

describe('a requested port that cannot be', () => {
  test('because it is in use: the error names port, flag, holder and ways out', async () => {
    const port = await freePort();
    await occupy(port);
    await expect(choosePorts({ requested: { temporalUi: port } })).rejects.toThrow(
      new RegExp(
        `port ${port} for temporal-ui is in use by .+ \\(pid ${process.pid}\\)\\. End that program, ` +
          `or choose another port with --temporal-ui-port, or leave the flag out`,
      ),
    );
  });

  test('because it is in use on all addresses', async () => {
    const port = await freePort();
    await occupy(port, '0.0.0.0');
    await expect(choosePorts({ requested: { api: port } })).rejects.toThrow(`port ${port} for api is in use`);
  });

  test.each([0, 65_536, 1.5, Number.NaN])('because %p is none', async (port) => {
    await expect(choosePorts({ requested: { api: port } })).rejects.toThrow('is not a port');
  });

  test('because it is asked for twice', async () => {
    const port = await freePort();
    await expect(choosePorts({ requested: { api: port, etcd: port } })).rejects.toThrow(
      `--api-port and --etcd-port are both ${port}`,
    );
  });
});

test('a usual port is taken where it is free; where it is not, another is chosen and said', async () => {
  const lines: string[] = [];
  const wasFree = await isFree(USUAL_PORTS.temporalMetrics);
  if (wasFree) await occupy(USUAL_PORTS.temporalMetrics);
  const ports = await choosePorts({ preferUsual: true, say: (line) => lines.push(line) });
  expect(ports.temporalMetrics).not.toBe(USUAL_PORTS.temporalMetrics);
  expect(lines.join('\n')).toContain(`port ${USUAL_PORTS.temporalMetrics} for temporal-metrics is in use`);
});

test('two that choose at the same time never choose the same, although nobody listens yet', async () => {
  const claims = [new PortClaims(), new PortClaims()];
  try {
    const [first, second] = await Promise.all(
      claims.map((own) => choosePorts({ preferUsual: true, claim: (port) => own.take(port) })),
    );
    const twice = Object.values(first ?? {}).filter((port) => Object.values(second ?? {}).includes(port));
    expect(twice).toEqual([]);
    await expect(
      choosePorts({ requested: { api: first!.api }, claim: (port) => claims[1]!.take(port) }),
    ).rejects.toThrow(`port ${first!.api} for api is in use`);
  } finally {
    await Promise.all(claims.map((own) => own.release()));
  }
});

test('who listens is known by process, not by port alone', async () => {
  const port = await freePort();
  expect(whoListensOn(port)).toBeUndefined();
  await occupy(port);
  expect(listensOn(process.pid, port)).toBe(true);
  expect(listensOn(process.ppid, port)).toBe(false);
  expect(whoListensOn(port)).toContain(`(pid ${process.pid})`);
});
