import { readFileSync } from 'node:fs';
import { LEDGER_WORKFLOW_ID } from '../../../src/api/temporal-names.ts';
import { GROUP } from '../../../src/api/constants.ts';
import { createLedger } from '../../../src/adapters/temporal/ledger.ts';
import { resources } from '../../../src/adapters/kubernetes/resource.ts';
import type { KubeObject } from '../../../src/api/meta.ts';
import { describeTarget } from '../../../src/domain/target-ref.ts';
import { eventually } from '../../support/eventually.ts';
import type { Ground } from '../scenario.ts';
import { GOOD_IMAGE } from '../scenarios/workloads.ts';
import { allRolledOut } from './ground.ts';
import { policies, replicasAfter, shapes } from './orders.ts';
import type { Swarm } from './swarm.ts';
import type { Judged } from './verdict.ts';

const SETTLED_WITHIN_MS = 30_000;
const LOOK_EVERY_MS = 250;

/** Ids of workflows that still run and are neither the ledger's nor a policy's, once that does not change any more. */
export async function lingeringWorkflows({ temporal }: Swarm): Promise<readonly string[]> {
  let running: string[] = [];
  await eventually(
    async () => {
      running = [];
      const query = "ExecutionStatus = 'Running'";
      for await (const { workflowId } of temporal.client.workflow.list({ query }))
        if (workflowId !== LEDGER_WORKFLOW_ID && !workflowId.startsWith('hp-')) running.push(workflowId);
      if (running.length > 0) throw new Error('some run');
    },
    SETTLED_WITHIN_MS,
    LOOK_EVERY_MS,
  ).catch(() => undefined);
  return running;
}

/** What the ledger still holds or counts wrongly: locks of targets, and slots of `hour` that are not used by effects. */
export async function heldInLedger(
  { asked, namespace, temporal }: Swarm,
  actions: readonly Judged[],
): Promise<string[]> {
  const ledger = createLedger(temporal.client);
  const ask = (target: string, policy: string, maxActionsPerHour: number) =>
    ledger.admit({ id: `after-${target}-${maxActionsPerHour}`, policy, target, maxActionsPerHour, leaseMs: 1 });
  const targets = new Set(asked.map(({ order: { target } }) => describeTarget({ ...target, namespace })));
  const locks = await Promise.all([...targets].map((target) => ask(target, 'nobody', 1)));
  const counts = await Promise.all(
    Object.keys(policies).map(async (name) => {
      const ofPolicy = actions.filter(({ order }) => order.policy === name);
      const used = ofPolicy.filter(({ effects }) => effects > 0).length;
      // Whose record went away while it had a slot: nobody can tell any more, and it counts.
      const perhaps = ofPolicy.filter(({ deleted, effects }) => deleted && effects === 0).length;
      const policy = `${namespace}/${name}`;
      const [full, free] = await Promise.all([
        ask('nothing', policy, used),
        ask('nothing', policy, used + perhaps + 1),
      ]);
      return [
        ...(full.granted ? [`${policy}: fewer than its ${used} effects are counted`] : []),
        ...(free.granted ? [] : [`${policy}: more than its ${used} effects are counted: ${free.message}`]),
      ];
    }),
  );
  return [...locks.flatMap((answer) => (answer.granted ? [] : [answer.message])), ...counts.flat()];
}

/** Marks that are not of an effect which the object has had; and anything else of ours, fences excepted. */
export async function strangeMarks(
  { admin, namespace }: Ground,
  { asked }: Swarm,
  actions: readonly Judged[],
): Promise<string[]> {
  const uidOf = new Map(asked.map(({ order, uid }) => [order.name, uid]));
  const had = new Set(
    actions
      .filter(({ effects }) => effects > 0)
      .flatMap(({ order, effects }) => {
        const uid = uidOf.get(order.name) ?? '';
        const marks = [`applied-${uid}`, ...(effects > 1 ? [`reverted-${uid}`] : [])];
        return marks.map((mark) => `${order.target.name}/${mark}`);
      }),
  );
  // The Deployment controller copies annotations to ReplicaSets: those say nothing.
  const kinds = [resources.deployments, resources.pods];
  const lists = await Promise.all(kinds.map((kind) => admin.list<KubeObject>(kind, { namespace })));
  return lists
    .flatMap(({ items }) => items)
    .flatMap(({ metadata }) =>
      Object.keys(metadata.annotations ?? {})
        .filter((key) => key.startsWith(`${GROUP}/`) && !had.has(`${metadata.name}/${key.slice(GROUP.length + 1)}`))
        .filter((key) => ![`${GROUP}/fence`, `${GROUP}/protected`].includes(key))
        .concat((metadata.finalizers ?? []).filter((finalizer) => finalizer.startsWith(GROUP)))
        .map((key) => `${metadata.name} still has ${key}`),
    );
}

/** What the cluster is not like although it was said to be healed. */
export async function unhealed(ground: Ground, actions: readonly Judged[]): Promise<string[]> {
  const deployments = await allRolledOut(ground).catch((error: unknown) => String(error));
  if (typeof deployments === 'string') return [deployments];
  const byName = new Map(deployments.map((deployment) => [deployment.metadata.name, deployment]));
  const healed = actions.filter(({ end }) => end === 'Healed').map(({ order }) => order);
  const deleted = new Set(healed.filter(({ action }) => action.name === 'away').map(({ target }) => target.name));
  return shapes.flatMap((shape) => {
    const found = byName.get(shape.name);
    if (deleted.has(shape.name)) return found === undefined ? [] : [`${shape.name} is still there`];
    const wanted = replicasAfter(shape, healed);
    const { replicas = 1 } = found?.spec ?? { replicas: 0 };
    const image = found?.spec.template.spec.containers[0]?.image;
    return [
      ...(replicas === wanted ? [] : [`${shape.name} has ${replicas} replicas instead of ${wanted}`]),
      ...(image === GOOD_IMAGE ? [] : [`${shape.name} has image ${image ?? 'none'}`]),
    ];
  });
}

/** How often each complaint stands in the logs of the healer's processes. */
export function complaints({ stack: { env } }: Swarm): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { name, logFile } of env.supervisor.status()) {
    if (!/^(controller|worker)/.test(name)) continue;
    for (const line of readFileSync(logFile, 'utf8').split('\n')) {
      const complaint = complaintIn(line);
      if (complaint !== undefined) counts.set(`${name}: ${complaint}`, (counts.get(`${name}: ${complaint}`) ?? 0) + 1);
    }
  }
  return counts;
}

const WARN = 40;

/** Without what differs from one time to the next. */
function complaintIn(line: string): string | undefined {
  if (line.trim() === '') return undefined;
  try {
    const {
      level = 0,
      msg = '',
      err,
    } = JSON.parse(line) as { level?: number | string; msg?: string; err?: { message?: string } };
    if (typeof level === 'number' ? level < WARN : !['warn', 'error', 'fatal'].includes(level)) return undefined;
    return `${String(level)}: ${msg} ${err?.message ?? ''}`.replaceAll(/[0-9a-f-]{36}|\d+/g, '#').slice(0, 300);
  } catch {
    return line.replaceAll(/[0-9a-f-]{36}|\d+/g, '#').slice(0, 200);
  }
}
