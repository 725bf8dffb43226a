import { afterEach, describe, expect, test } from '@jest/globals';
import { releaseJob } from '../../../src/actions/custom/release-job.ts';
import { createCluster } from '../../../src/adapters/kubernetes/cluster.ts';
import { KubeClient } from '../../../src/adapters/kubernetes/kube-client.ts';
import { resources } from '../../../src/adapters/kubernetes/resource.ts';
import { FINALIZER } from '../../../src/api/constants.ts';
import type { Job } from '../../../src/api/workloads.ts';
import type { ObjectRef } from '../../../src/domain/target-ref.ts';
import type { ClusterPort, Write } from '../../../src/ports/cluster.ts';
import { releaseJobsOf } from '../../../src/watcher/held-jobs.ts';
import { ensureNamespace } from '../../support/action-bodies.ts';
import { heldJob } from '../../support/held-job.ts';
import { serverForTests } from '../../support/installed-server.ts';

const server = serverForTests(); // without controllers: namespaces and Jobs stay as they are
const action: ObjectRef = { namespace: 'jobs', name: 'heal', uid: '00000000-0000-4000-8000-000000000001' };
const THEIRS = 'example.org/theirs';
const template = {
  spec: { restartPolicy: 'Never', containers: [{ name: 'fix', image: 'kubeskippy.local/job:1.0' }] },
};

const body = (name: string, finalizers: readonly string[]) => ({
  ...heldJob(name, action, finalizers),
  spec: { template },
});
const make = async (name: string, finalizers: readonly string[] = [FINALIZER, THEIRS]): Promise<void> => {
  await ensureNamespace(server.admin, action.namespace);
  await server.admin.create(resources.jobs, { namespace: action.namespace }, body(name, finalizers));
};
const at = (name: string) => ({ namespace: action.namespace, name });
const read = (name: string): Promise<Job> => server.admin.get<Job>(resources.jobs, at(name));
const remove = async (name: string): Promise<void> => {
  await server.admin.delete(resources.jobs, at(name), {});
};
const controller = (): ClusterPort =>
  createCluster(KubeClient.load({ kubeconfig: server.env.kubeconfig('controller') }));
const write = (cluster: ClusterPort, what: Write) =>
  cluster.write(what, { auditId: 'ks/test', dryRun: false, deadline: Date.now() + 10_000 });

afterEach(async () => {
  const { items } = await server.admin.list<Job>(resources.jobs, { namespace: action.namespace });
  for (const { metadata } of items) {
    if (metadata.deletionTimestamp === undefined) await remove(metadata.name);
    await server.admin.patch(resources.jobs, at(metadata.name), 'merge', { metadata: { finalizers: null } });
  }
});

describe('a Job whose result is recorded', () => {
  const release = async (name: string) => write(server.cluster, releaseJob({ ...(await read(name)), ...JOB })!);
  const JOB = { apiVersion: 'batch/v1', kind: 'Job' };

  test('is let go by the worker, and stays for its logs', async () => {
    await make('recorded');
    expect(await release('recorded')).toMatchObject({ result: 'written' });
    expect(await read('recorded')).toMatchObject({
      metadata: { finalizers: [THEIRS] },
      spec: { ttlSecondsAfterFinished: 86_400 },
    });
  });

  test('is let go by the worker while it is being deleted', async () => {
    await make('deleted');
    await remove('deleted');
    expect(await release('deleted')).toMatchObject({ result: 'written' });
    const { metadata, spec } = await read('deleted');
    expect(metadata.finalizers).not.toContain(FINALIZER);
    expect(spec).not.toHaveProperty('ttlSecondsAfterFinished');
  });
});

describe('the controller', () => {
  test('lets go of the Jobs of an action, deleted or not, and of no others', async () => {
    await make('running');
    await make('deleted');
    await remove('deleted');
    await server.admin.create(
      resources.jobs,
      { namespace: action.namespace },
      {
        ...body('of-another', [FINALIZER]),
        metadata: heldJob('of-another', { ...action, uid: '00000000-0000-4000-8000-000000000002' }).metadata,
      },
    );
    expect([...(await releaseJobsOf(controller(), action))].sort()).toEqual(['deleted', 'running']);
    for (const name of ['running', 'deleted']) {
      expect((await read(name)).metadata.finalizers).toContain(THEIRS);
      expect((await read(name)).metadata.finalizers).not.toContain(FINALIZER);
    }
    expect((await read('of-another')).metadata.finalizers).toEqual([FINALIZER]);
    expect(await releaseJobsOf(controller(), action)).toEqual([]);
  });

  test('may neither make nor delete Jobs', async () => {
    await make('kept');
    const { metadata } = await read('kept');
    const target = { apiVersion: 'batch/v1', kind: 'Job', ...at('kept') };
    expect(await write(controller(), { type: 'delete', target, uid: metadata.uid })).toMatchObject({
      result: 'refused',
      message: expect.stringContaining('cannot delete resource "jobs"'),
    });
    const made = body('made', []);
    expect(
      await write(controller(), { type: 'create', target: { ...target, name: 'made' }, object: made }),
    ).toMatchObject({ result: 'refused', message: expect.stringContaining('cannot create resource "jobs"') });
  });
});

test('a Job cannot be made in a namespace that is being deleted: it counts as gone', async () => {
  const namespace = 'ending';
  await ensureNamespace(server.admin, namespace);
  await server.admin.delete(resources.namespaces, { name: namespace }, {}); // nobody is there to finish that
  const { metadata, ...rest } = body('late', []);
  const object = { ...rest, metadata: { ...metadata, namespace } };
  const target = { apiVersion: 'batch/v1', kind: 'Job', namespace, name: 'late' };
  expect(await write(server.cluster, { type: 'create', target, object })).toEqual({ result: 'gone' });
});
