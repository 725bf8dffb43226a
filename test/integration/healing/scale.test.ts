import { describe, expect, test } from '@jest/globals';
import { scale } from '../../../src/actions/scale.ts';
import type { PlanResult } from '../../../src/actions/define-action.ts';
import { resources } from '../../../src/adapters/kubernetes/resource.ts';
import type { ScaleAction } from '../../../src/api/healing-action.ts';
import type { KubeObject } from '../../../src/api/meta.ts';
import type { Deployment, StatefulSet } from '../../../src/api/workloads.ts';
import type { WriteResult } from '../../../src/ports/cluster.ts';
import { serverForTests } from '../../support/installed-server.ts';
import { forAction, MARKS } from '../../support/objects.ts';

const server = serverForTests(); // no controllers: nobody else writes
let serial = 0;
let name: string;

const kinds = [
  ['Deployment', resources.deployments],
  ['StatefulSet', resources.statefulSets],
] as const;
type Kind = (typeof kinds)[number];

const at = () => ({ namespace: 'default', name });
const create = async ([kind, resource]: Kind, replicas: number): Promise<void> => {
  name = `target-${(serial += 1)}`;
  const labels = { app: name };
  await server.admin.create(
    resource,
    { namespace: 'default' },
    {
      apiVersion: 'apps/v1',
      kind,
      metadata: { name },
      spec: {
        replicas,
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec: { containers: [{ name: 'app', image: 'web:1' }] } },
      },
    },
  );
};
const read = async (kind: string): Promise<Deployment | StatefulSet> => {
  const found = await server.cluster.get<Deployment | StatefulSet>({ apiVersion: 'apps/v1', kind, ...at() });
  if (found === undefined) throw new Error(`${name} is not there`);
  return found;
};
const gather = (target: KubeObject) =>
  scale.gather(server.cluster, { target: target as Deployment, namespace: 'default', template: { type: 'scale' } });
const plan = async (kind: string, scaleAction: ScaleAction): Promise<PlanResult> => {
  const target = await read(kind);
  return scale.plan({
    target,
    related: await gather(target),
    template: { type: 'scale', scaleAction },
    stamp: '',
    seenGood: [],
    failed: [],
    ...forAction,
  });
};
const act = async (
  live: Deployment | StatefulSet,
  step: 'execute' | 'inverse',
  parameters: Readonly<Record<string, string>>,
  dryRun = false,
): Promise<WriteResult['result'] | 'drifted'> => {
  const effect = scale[step]({
    target: live,
    related: await gather(live),
    parameters,
    marker: MARKS[step],
  });
  if (effect?.result !== 'effect') return 'drifted';
  return (
    await server.cluster.write(effect.write, { auditId: `scale-${serial}`, dryRun, deadline: Date.now() + 10_000 })
  ).result;
};
const up: ScaleAction = { direction: 'up', replicas: 2 };

describe.each(kinds)('a %s', (...kind) => {
  test('is scaled once, and back', async () => {
    await create(kind, 2);
    const planned = await plan(kind[0], up);
    if (planned.result !== 'planned') throw new Error(planned.message);
    const before = await read(kind[0]);
    expect(await act(before, 'execute', planned.parameters, true)).toBe('written');
    expect(await read(kind[0])).toEqual(before); // rehearsed
    expect(await act(before, 'execute', planned.parameters)).toBe('written');
    const after = await read(kind[0]);
    expect(after.spec).toEqual({ ...before.spec, replicas: 4 });
    expect(after.metadata.annotations).toMatchObject({ [MARKS.execute.key]: MARKS.execute.value });
    expect(await act(before, 'execute', planned.parameters)).toBe('conflict');
    expect(await act(after, 'inverse', planned.parameters)).toBe('written');
    expect((await read(kind[0])).spec).toEqual(before.spec);
  });

  test('is not scaled over what a person has set in between', async () => {
    await create(kind, 2);
    const before = await read(kind[0]);
    await server.admin.patch(kind[1], at(), 'merge', { spec: { replicas: 5 } });
    expect(await act(before, 'execute', { fromReplicas: '2', toReplicas: '4' })).toBe('conflict');
    expect((await read(kind[0])).spec.replicas).toBe(5);
  });

  test('is left to its HorizontalPodAutoscaler', async () => {
    await create(kind, 2);
    await server.admin.create(
      resources.horizontalPodAutoscalers,
      { namespace: 'default' },
      {
        apiVersion: 'autoscaling/v2',
        kind: 'HorizontalPodAutoscaler',
        metadata: { name: `of-${name}` },
        spec: {
          scaleTargetRef: { apiVersion: 'apps/v1', kind: kind[0], name },
          maxReplicas: 5,
          metrics: [
            { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 50 } } },
          ],
        },
      },
    );
    expect(await plan(kind[0], up)).toMatchObject({
      result: 'refused',
      message: expect.stringContaining(`HorizontalPodAutoscaler of-${name}`),
    });
  });

  test('is left to a program that scales it through the subresource, but not to a person with kubectl', async () => {
    await create(kind, 2);
    const scaleBy = (fieldManager: string, replicas: number) =>
      server.admin.patch(
        kind[1],
        { ...at(), subresource: 'scale' },
        'merge',
        { spec: { replicas } },
        { query: { fieldManager } },
      );
    await scaleBy('some-scaler', 3);
    expect(await plan(kind[0], up)).toMatchObject({
      result: 'refused',
      message: expect.stringContaining('some-scaler sets its number of replicas'),
    });
    await scaleBy('kubectl', 4);
    expect(await plan(kind[0], up)).toMatchObject({
      result: 'planned',
      parameters: { fromReplicas: '4', toReplicas: '6' },
    });
  });
});
