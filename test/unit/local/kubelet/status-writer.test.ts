import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { KubeConfig } from '@kubernetes/client-node';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { KubeClient } from '../../../../src/adapters/kubernetes/kube-client.ts';
import type { Pod, PodStatus } from '../../../../src/local/kubelet/pod.ts';
import { StatusWriter } from '../../../../src/local/kubelet/status-writer.ts';
import { createLogger } from '../../../../src/telemetry/logger.ts';
import { pod } from './fixtures.ts';

interface Answer {
  readonly code: number;
  readonly body: unknown;
}
const failure = (code: number, reason: string): Answer => ({
  code,
  body: { kind: 'Status', reason, message: reason, code },
});
const stored = (resourceVersion: string, uid = 'uid-1'): Answer => ({
  code: 200,
  body: { ...pod(), metadata: { ...pod().metadata, resourceVersion, uid } },
});

let server: Server;
let writer: StatusWriter;
let writes: { readonly metadata: { readonly uid: string }; readonly status: PodStatus }[];
let answers: Answer[];
let onWrite: () => void;

beforeEach(async () => {
  writes = [];
  answers = [];
  onWrite = () => undefined;
  server = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk: Buffer) => (text += chunk.toString()));
    request.on('end', () => {
      if (request.method === 'PATCH') writes.push(JSON.parse(text) as (typeof writes)[number]);
      const { code, body } = answers.shift() ?? stored(String(100 + writes.length));
      onWrite();
      response.writeHead(code, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const kubeConfig = new KubeConfig();
  kubeConfig.loadFromClusterAndUser(
    { name: 'fake', server: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, skipTLSVerify: true },
    { name: 'fake' },
  );
  writer = new StatusWriter(new KubeClient(kubeConfig), createLogger('test', 'silent'), pod());
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

const status = (phase: NonNullable<PodStatus['phase']>): PodStatus => ({ phase, podIPs: [{ ip: '10.64.0.1' }] });
const phases = (): unknown[] => writes.map((write) => write.status.phase);
const seen = (resourceVersion: string, phase: NonNullable<PodStatus['phase']>): Pod => ({
  ...pod({}, { status: status(phase) }),
  metadata: { ...pod().metadata, resourceVersion },
});

test('writes with the uid, and not again what is written', async () => {
  writer.submit(status('Running'));
  await writer.flushed();
  writer.submit(status('Running'));
  await writer.flushed();
  expect(writes).toEqual([
    { metadata: { uid: 'uid-1' }, status: { phase: 'Running', podIPs: [{ $patch: 'replace' }, { ip: '10.64.0.1' }] } },
  ]);
});

test('goes on until it is written, then with the latest only', async () => {
  answers = [failure(500, 'InternalError'), failure(429, 'TooManyRequests')];
  onWrite = () => {
    if (writes.length === 2)
      for (const phase of ['Pending', 'Unknown', 'Failed'] as const) writer.submit(status(phase));
  };
  writer.submit(status('Running'));
  await writer.flushed();
  expect(phases()).toEqual(['Running', 'Running', 'Failed']);
});

test('a submission while a write is under way is not lost', async () => {
  onWrite = () => {
    if (writes.length === 1) writer.submit(status('Succeeded'));
  };
  writer.submit(status('Running'));
  await writer.flushed();
  expect(phases()).toEqual(['Running', 'Succeeded']);
});

test.each([
  ['the pod is gone', [failure(404, 'NotFound')]],
  ['its name belongs to another pod', [failure(409, 'Conflict'), stored('9', 'uid-2')]],
])('stops for good when %s', async (_what, given) => {
  answers = [...given];
  writer.submit(status('Running'));
  await writer.flushed();
  writer.submit(status('Failed'));
  await writer.flushed();
  expect(phases()).toEqual(['Running']);
});

test('a conflict with the pod still there is only a reason to try again', async () => {
  answers = [failure(409, 'Conflict'), stored('9')];
  writer.submit(status('Running'));
  await writer.flushed();
  expect(phases()).toEqual(['Running', 'Running']);
});

test('writes again what somebody else wrote over, and is not fooled by older states or its own', async () => {
  writer.submit(status('Running'));
  await writer.flushed(); // answered with version 101
  for (const own of [seen('101', 'Pending'), seen('99', 'Pending'), seen('105', 'Running')]) writer.repair(own);
  await writer.flushed();
  expect(phases()).toEqual(['Running']);
  writer.repair(seen('106', 'Failed'));
  await writer.flushed();
  expect(phases()).toEqual(['Running', 'Running']);
});
