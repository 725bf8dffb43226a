import { request as httpRequest, type RequestOptions } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { connect } from 'node:net';
import { bindAddressOf, type PodAddress } from './pod-network.ts';
import type { Check, Container, HttpGet } from './pod.ts';

/** What a check came to; `output` explains a failure in a kubelet's words. */
export interface CheckResult {
  readonly ok: boolean;
  readonly output: string;
}

export interface ExecResult {
  readonly exitCode: number;
  readonly output: string;
  readonly timedOut: boolean;
}

/** Runs a bundled program in a container's place. */
export type ExecInContainer = (command: readonly string[], timeoutMs: number) => Promise<ExecResult>;

export interface CheckContext {
  readonly container: Container;
  readonly address: PodAddress;
  readonly exec: ExecInContainer;
}

const MAX_BODY = 10 * 1024;

/** Performs one probe or hook; never throws. A check of no known kind succeeds. */
export async function performCheck(check: Check, context: CheckContext, timeoutMs: number): Promise<CheckResult> {
  try {
    return await perform(check, context, timeoutMs);
  } catch (error) {
    return { ok: false, output: error instanceof Error ? error.message : String(error) }; // e.g. a path with a blank
  }
}

async function perform(check: Check, context: CheckContext, timeoutMs: number): Promise<CheckResult> {
  if (check.httpGet !== undefined) return httpCheck(check.httpGet, context, timeoutMs);
  if (check.tcpSocket !== undefined) {
    const { host, port } = check.tcpSocket;
    return tcpCheck(host ?? context.address.reported, portNumber(port, context.container), timeoutMs);
  }
  const command = check.exec?.command;
  if (command === undefined) return { ok: true, output: '' };
  const { exitCode, output, timedOut } = await context.exec(command, timeoutMs);
  if (timedOut)
    return {
      ok: false,
      output: `command timed out: ${JSON.stringify(command.join(' '))} timed out after ${timeoutMs / 1000}s`,
    };
  return { ok: exitCode === 0, output };
}

/** A port by number, or by the name that the container gives it. */
function portNumber(port: number | string, container: Container): number | undefined {
  const value =
    typeof port === 'number'
      ? port
      : (container.ports?.find(({ name }) => name === port)?.containerPort ?? Number(port));
  return Number.isInteger(value) && value > 0 && value < 65_536 ? value : undefined;
}

/** Where a pod's address is reached. A probe of this node goes to its own machine and nowhere else. */
function reachable(host: string): string {
  const address = bindAddressOf(host);
  if (address === 'localhost' || /^127\.\d+\.\d+\.\d+$/.test(address)) return address;
  throw new Error(`host ${host} is not on this node, which probes only its own pods`);
}

async function httpCheck(get: HttpGet, context: CheckContext, timeoutMs: number): Promise<CheckResult> {
  const port = portNumber(get.port, context.container);
  if (port === undefined) return { ok: false, output: `couldn't find port: ${JSON.stringify(get.port)}` };
  const secure = get.scheme === 'HTTPS';
  const host = get.host ?? context.address.reported;
  const path = get.path === undefined || get.path === '' ? '/' : get.path.startsWith('/') ? get.path : `/${get.path}`;
  const url = `${secure ? 'https' : 'http'}://${host}:${port}${path}`;
  const headers: Record<string, string> = { 'user-agent': 'kube-probe/1.36', accept: '*/*', connection: 'close' };
  for (const { name, value } of get.httpHeaders ?? []) headers[name.toLowerCase()] = value;
  const options: RequestOptions = { host: reachable(host), port, path, headers, agent: false, timeout: timeoutMs };
  return new Promise((resolve) => {
    const fail = (reason: string): void => {
      clearTimeout(timer);
      request.destroy();
      resolve({ ok: false, output: `Get "${url}": ${reason}` });
    };
    const request = secure ? httpsRequest({ ...options, rejectUnauthorized: false }) : httpRequest(options);
    const timer = setTimeout(() => {
      fail('context deadline exceeded (Client.Timeout exceeded while awaiting headers)');
    }, timeoutMs);
    request.on('error', (error) => {
      fail(dialError(error, host, port));
    });
    request.on('response', (response) => {
      const status = response.statusCode ?? 0;
      let bytes = 0;
      response.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes > MAX_BODY) response.destroy();
      });
      response.on('close', () => {
        clearTimeout(timer);
        const ok = status >= 200 && status < 400;
        resolve({ ok, output: ok ? '' : `HTTP probe failed with statuscode: ${status}` });
      });
    });
    request.end();
  });
}

async function tcpCheck(host: string, port: number | undefined, timeoutMs: number): Promise<CheckResult> {
  if (port === undefined) return { ok: false, output: "couldn't find port" };
  const address = reachable(host);
  return new Promise((resolve) => {
    const socket = connect({ host: address, port, timeout: timeoutMs });
    const end = (result: CheckResult): void => {
      socket.destroy();
      resolve(result);
    };
    socket.on('connect', () => {
      end({ ok: true, output: '' });
    });
    socket.on('timeout', () => {
      end({ ok: false, output: `dial tcp ${host}:${port}: i/o timeout` });
    });
    socket.on('error', (error) => {
      end({ ok: false, output: dialError(error, host, port) });
    });
  });
}

function dialError(error: Error, host: string, port: number): string {
  const code = 'code' in error ? error.code : undefined;
  if (code === 'ECONNREFUSED') return `dial tcp ${host}:${port}: connect: connection refused`;
  if (code === 'ECONNRESET' || error.message === 'socket hang up') return 'EOF';
  return error.message;
}
