import { describe, expect, test } from '@jest/globals';
import type { PlanResult } from '../../../src/actions/define-action.ts';
import { revisionsOf, type Revised } from '../../../src/actions/revisions.ts';
import { undo } from '../../../src/actions/undo.ts';
import { resources } from '../../../src/adapters/kubernetes/resource.ts';
import type { KubeObject } from '../../../src/api/meta.ts';
import type { WriteResult } from '../../../src/ports/cluster.ts';
import { eventually } from '../../support/eventually.ts';
import { serverForTests } from '../../support/installed-server.ts';
import { forAction, MARKS } from '../../support/objects.ts';

const server = serverForTests('controller-manager');

const namespace = 'default';

/** A template with what the API server fills in, and with what it leaves out when it keeps a revision. */
const template = (name: string, image: string) => ({
  metadata: { labels: { app: name }, annotations: { made: 'by hand' } },
  spec: {
    containers: [
      {
        name: 'app',
        image,
        env: [{ name: 'EMPTY', value: '' }],
        ports: [{ containerPort: 80 }],
        resources: { limits: { memory: '64Mi', cpu: '0.5' } },
        readinessProbe: { tcpSocket: { port: 80 } },
      },
    ],
    volumes: [{ name: 'scratch', emptyDir: {} }],
    terminationGracePeriodSeconds: 0,
  },
});

describe.each([
  ['StatefulSet', resources.statefulSets, { replicas: 2, serviceName: 'db' }],
  ['DaemonSet', resources.daemonSets, {}],
] as const)('a %s', (kind, resource, spec) => {
  const name = `db-${kind.toLowerCase()}`;
  const at = { namespace, name };
  const read = async (): Promise<Revised> => {
    const found = await server.cluster.get<Revised>({ apiVersion: 'apps/v1', kind, ...at });
    if (found === undefined) throw new Error(`${name} is not there`);
    return found;
  };
  const gather = (target: Revised): Promise<readonly KubeObject[]> =>
    undo.gather(server.cluster, { target, namespace, template: { type: 'undo' } });
  const images = async (): Promise<unknown[]> => {
    const target = await read();
    return revisionsOf(target, await gather(target)).map((revision) => revision.template.spec.containers[0]?.image);
  };
  const plan = async (): Promise<PlanResult> => {
    const target = await read();
    const related = await gather(target);
    return undo.plan({
      target,
      related,
      template: { type: 'undo' },
      stamp: '',
      seenGood: [],
      failed: [],
      ...forAction,
    });
  };
  const act = async (step: 'execute' | 'inverse', planned: PlanResult): Promise<WriteResult['result']> => {
    if (planned.result !== 'planned') throw new Error(planned.message);
    const target = await read();
    const related = await gather(target);
    const { parameters } = planned;
    const effect = undo[step]({ target, related, parameters, marker: MARKS[step] });
    if (effect?.result !== 'effect') throw new Error(JSON.stringify(effect));
    const options = { auditId: `undo-${step}`, dryRun: false, deadline: Date.now() + 10_000 };
    return (await server.cluster.write(effect.write, options)).result;
  };

  test('goes back to the template that its controller has kept, exactly, and forth again', async () => {
    await server.admin.create(
      resource,
      { namespace },
      {
        apiVersion: 'apps/v1',
        kind,
        metadata: { name },
        spec: { selector: { matchLabels: { app: name } }, template: template(name, 'web:1'), ...spec },
      },
    );
    await eventually(
      async () => {
        expect(await images()).toEqual(['web:1']);
      },
      20_000,
      100,
    );
    const first = await read();
    expect(await plan()).toMatchObject({ result: 'refused', message: expect.stringContaining('keeps no earlier') });

    await server.admin.patch(resource, at, 'json', [
      { op: 'replace', path: '/spec/template/spec/containers/0/image', value: 'web:2' },
      { op: 'add', path: '/metadata/annotations', value: { since: 'then' } },
    ]);
    await eventually(
      async () => {
        expect(await images()).toEqual(['web:2', 'web:1']);
      },
      20_000,
      100,
    );
    const second = await read();

    const planned = await plan();
    expect(planned).toMatchObject({ result: 'planned', approvalReason: expect.any(String) });
    expect(await act('execute', planned)).toBe('written');
    const undone = await read();
    expect(undone.spec).toEqual(first.spec);
    expect(undone.metadata.annotations).toMatchObject({ since: 'then', [MARKS.execute.key]: MARKS.execute.value });

    await eventually(
      async () => {
        expect(await images()).toEqual(['web:1', 'web:2']);
      },
      20_000,
      100,
    ); // renumbered
    expect(await act('inverse', planned)).toBe('written');
    expect((await read()).spec).toEqual(second.spec);
  });
});
