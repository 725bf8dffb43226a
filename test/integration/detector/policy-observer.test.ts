import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { Client, Connection, WorkflowNotFoundError } from '@temporalio/client';
import { defineSearchAttributeKey } from '@temporalio/common';
import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import type { Activities } from '../../../activities/index.ts';
import { TemporalPolicyObserver } from '../../../src/adapters/temporal/policy-observer.ts';
import { policyWorkflowId } from '../../../src/api/temporal-names.ts';
import type { Observation } from '../../../src/domain/firing.ts';
import type { PolicySummary } from '../../../src/domain/policy-summary.ts';
import { startLocalEnvironment, type LocalEnvironment } from '../../../src/local/environment.ts';
import { workflowBundle } from '../../../workers/workflow-bundle.ts';
import { eventually } from '../../support/eventually.ts';

const TASK_QUEUE = 'policy-observer-test';

let env: LocalEnvironment;
let connection: Connection;
let workers: NativeConnection;
let client: Client;
let worker: { readonly stop: () => Promise<void> } | undefined;
const reported: PolicySummary[] = [];

beforeAll(async () => {
  Runtime.install({ logger: new DefaultLogger('ERROR') });
  env = await startLocalEnvironment({ components: ['temporal'] });
  connection = await Connection.connect({ address: env.temporal.address });
  workers = await NativeConnection.connect({ address: env.temporal.address });
  client = new Client({ connection, namespace: env.temporal.namespace });
}, 60_000);
afterEach(async () => {
  await worker?.stop();
  worker = undefined;
});
afterAll(async () => {
  await workers.close();
  await connection.close();
  await env.stop();
});

/** The real policy workflow, with steps that touch no cluster. */
async function startWorker(): Promise<void> {
  const steps: Pick<Activities, 'recallEpisodes' | 'reportPolicy' | 'createActions' | 'findEnded'> = {
    recallEpisodes: async () => [],
    reportPolicy: async (_policy, summary) => {
      reported.push(summary);
      return 'reported';
    },
    createActions: async (_policy, { wanted }) =>
      wanted.map(({ episode }) => ({ episode, result: 'exhausted', why: 'only a test' })),
    findEnded: async () => [],
  };
  const running = await Worker.create({
    connection: workers,
    namespace: env.temporal.namespace,
    taskQueue: TASK_QUEUE,
    workflowBundle: { codePath: await workflowBundle() },
    activities: steps,
  });
  const ended = running.run();
  worker = {
    async stop() {
      running.shutdown();
      await ended;
    },
  };
}

const observerWith = (deadlineMs?: number): TemporalPolicyObserver =>
  new TemporalPolicyObserver({ client, taskQueue: TASK_QUEUE, ...(deadlineMs === undefined ? {} : { deadlineMs }) });

const observation = (uid: string, ...pods: readonly string[]): Observation => ({
  policy: { namespace: 'shop', name: 'watchful', uid },
  policyGeneration: 3,
  firing: pods.map((name) => {
    const subject = { apiVersion: 'v1', kind: 'Pod', namespace: 'shop', name, uid: `uid-${name}` };
    return { trigger: 'crash', subject, candidates: [subject], since: '2026-11-25T08:00:08.000Z', evidence: 'crashed' };
  }),
  overflow: 0,
  selected: 7,
  unhealthy: pods.length,
  good: [],
});

describe('observe', () => {
  test('starts the policy’s workflow and is acknowledged by it; the next message goes to the same', async () => {
    await startWorker();
    const observer = observerWith();
    expect(await observer.observe(observation('one'))).toEqual({ firing: 0 });
    const handle = client.workflow.getHandle(policyWorkflowId('one'));
    const first = await handle.describe();
    expect(first).toMatchObject({ type: 'healingPolicyWorkflow', status: { name: 'RUNNING' } });
    expect(await first.staticSummary()).toBe('HealingPolicy shop/watchful');
    expect(first.typedSearchAttributes.get(defineSearchAttributeKey('KsPolicy', 'KEYWORD'))).toBe('shop/watchful');

    expect(await observer.observe(observation('one', 'a', 'b'))).toEqual({ firing: 2 });
    expect((await handle.describe()).runId).toBe(first.runId);
    await eventually(() => {
      expect(reported.at(-1)).toMatchObject({ generation: 3, firing: 2, selected: 7, unhealthy: 2 });
    }, 10_000);
    await observer.policyDeleted(observation('one').policy);
  });

  test('a name as long as Kubernetes permits does not keep it from starting', async () => {
    await startWorker();
    const long = observation('long');
    const policy = { ...long.policy, namespace: 'n'.repeat(63), name: 'p'.repeat(253) };
    expect(await observerWith().observe({ ...long, policy })).toEqual({ firing: 0 });
    await observerWith().policyDeleted(policy);
  });

  test('a full level is taken', async () => {
    await startWorker();
    const pods = Array.from({ length: 200 }, (_, index) => `${'p'.repeat(240)}${index}`);
    expect(await observerWith().observe(observation('full', ...pods))).toEqual({ firing: 200 });
    await observerWith().policyDeleted(observation('full').policy);
  });

  test('without a worker it is refused within its deadline, and leaves nothing that piles up', async () => {
    const observer = observerWith(1_000);
    const began = performance.now();
    for (let each = 0; each < 3; each += 1) await expect(observer.observe(observation('alone', 'a'))).rejects.toThrow();
    expect(performance.now() - began).toBeLessThan(10_000);
    await startWorker();
    expect(await eventually(() => observerWith().observe(observation('alone', 'b')), 20_000, 100)).toEqual({
      firing: 1,
    });
    const { events } = await client.workflow.getHandle(policyWorkflowId('alone')).fetchHistory();
    const accepted = events?.filter((event) => Boolean(event.workflowExecutionUpdateAcceptedEventAttributes)) ?? [];
    expect(accepted.length).toBeLessThanOrEqual(4);
    await observerWith().policyDeleted(observation('alone').policy);
  });
});

describe('policyDeleted', () => {
  test('ends the workflow; saying it again, or of a policy that nobody knew, is no error', async () => {
    await startWorker();
    const observer = observerWith();
    const { policy } = observation('two');
    await observer.observe(observation('two'));
    await eventually(async () => {
      expect(await observer.running(0)).toContain('two'); // Temporal lists with a delay
    }, 10_000);
    expect(await observer.running(60_000)).not.toContain('two');
    await observer.policyDeleted(policy);
    const handle = client.workflow.getHandle(policyWorkflowId('two'));
    await Promise.race([handle.result(), delay(10_000, undefined, { ref: false })]);
    expect((await handle.describe()).status.name).toBe('COMPLETED');
    await observer.policyDeleted(policy);
    await observer.policyDeleted({ ...policy, uid: 'nobody' });
    await expect(client.workflow.getHandle(policyWorkflowId('nobody')).describe()).rejects.toThrow(
      WorkflowNotFoundError,
    );
  });

  test('without Temporal it is refused, so that it is said again', async () => {
    const nowhere = Connection.lazy({ address: '127.0.0.1:1' });
    const observer = new TemporalPolicyObserver({ client: new Client({ connection: nowhere }), deadlineMs: 500 });
    await expect(observer.policyDeleted(observation('three').policy)).rejects.toThrow();
    await expect(observer.observe(observation('three'))).rejects.toThrow();
    await nowhere.close();
  });
});
