import { createServer, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { ServiceError } from '@temporalio/client';
import { describe, expect, test } from '@jest/globals';
import { TemporalConnection } from '../../../../src/adapters/temporal/connection.ts';
import { temporalError } from '../../../../src/adapters/temporal/temporal-error.ts';
import { StepError } from '../../../../src/errors.ts';

async function unusedAddress(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return `127.0.0.1:${port}`;
}

describe('TemporalConnection', () => {
  test('needs no server to be made, and says within its deadline that there is none', async () => {
    const connection = new TemporalConnection({
      address: await unusedAddress(),
      namespace: 'default',
      deadlineMs: 300,
    });
    expect(connection.reachable).toBeUndefined();
    const began = performance.now();
    await expect(connection.ping()).rejects.toMatchObject({ code: 'Unavailable', retryable: true });
    expect(performance.now() - began).toBeLessThan(3_000);
    expect(connection.reachable).toBe(false);
    await connection.close();
  });

  test('is not closed under a call: the SDK would repeat it on a dead channel, which nobody could catch', async () => {
    const connection = new TemporalConnection({
      address: await unusedAddress(),
      namespace: 'default',
      deadlineMs: 400,
    });
    let ended = false;
    const call = connection.ping().catch(() => {
      ended = true;
    });
    await connection.close();
    expect(ended).toBe(true);
    await call;
  });
});

describe('temporalError', () => {
  const grpc = (code: number): Error =>
    new ServiceError('failed', { cause: Object.assign(new Error('why'), { code, details: 'why', metadata: {} }) });

  test.each([
    [3, 'Invalid'],
    [7, 'Forbidden'],
    [16, 'Forbidden'],
    [4, 'Unavailable'],
    [5, 'Unavailable'], // the namespace; a workflow that is not found is told apart before
    [8, 'Unavailable'],
    [14, 'Unavailable'],
  ] as const)('gRPC code %i is %s', (code, expected) => {
    expect(temporalError(grpc(code))).toMatchObject({ code: expected, message: 'Temporal: why' });
  });

  test('keeps what is a step error already, and takes anything else for an outage', () => {
    const error = new StepError('Invalid', 'no');
    expect(temporalError(error)).toBe(error);
    expect(temporalError(new Error('odd'))).toMatchObject({ code: 'Unavailable', message: 'Temporal: odd' });
  });
});
