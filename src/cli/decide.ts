import { setTimeout as sleep } from 'node:timers/promises';
import { resources } from '../adapters/kubernetes/resource.ts';
import type { HealingAction } from '../api/healing-action.ts';
import { openCluster, type Cluster } from './cluster.ts';
import type { ClusterOptions } from './commands/cluster-options.ts';
import { decidable, receptionOf, type Verdict } from './decision.ts';
import { CommandFailure, EXIT } from './exit.ts';
import { demands, diffLines } from './explain/story.ts';
import { invokedAs } from './invocation.ts';
import { paintFor } from './output/paint.ts';
import { print, tell } from './output/print.ts';
import { printable, tableLines } from './output/table.ts';
import { canAsk, confirmed } from './question.ts';
import { whoami } from './whoami.ts';

export interface DecisionOptions extends ClusterOptions {
  readonly comment?: string;
  /** The plan that is meant: any other is left undecided. */
  readonly digest?: string;
  readonly yes?: true;
  /** False for `--no-wait`. */
  readonly wait: boolean;
  readonly timeout: number;
}

const MAX_COMMENT = 512;
const POLL_MS = 200;

/**
 * `kubeskippy approve NAME` and `reject NAME`: shows the plan, writes the decision about that plan and no other into
 * `spec.approval`, and waits until the healing has taken it.
 */
export async function decide(wish: Verdict, name: string, options: DecisionOptions): Promise<void> {
  if ((options.comment?.length ?? 0) > MAX_COMMENT)
    throw new CommandFailure(EXIT.usage, `a comment has at most ${MAX_COMMENT} characters`);
  const cluster = openCluster(options);
  const action = await cluster.read(cluster.named(name));
  const full = `HealingAction ${action.metadata.namespace ?? ''}/${action.metadata.name}`;
  const state = decidable(action, wish);
  if (state.decidable === 'no') throw new CommandFailure(EXIT.failed, `${full} cannot be decided on: ${state.message}`);
  if (state.decidable === 'done') {
    print(`${full}: ${state.message}`);
    return;
  }
  const { planDigest } = state;
  if (options.digest !== undefined && options.digest !== planDigest)
    throw new CommandFailure(
      EXIT.failed,
      `${full} waits with plan ${planDigest}, not with ${options.digest}: look at it (explain) and decide again`,
    );
  for (const line of planLines(action, planDigest)) tell(line);
  await consent(wish, options);

  await write(cluster, action, wish, planDigest, options.comment);
  if (!options.wait) {
    print(`${full}: ${wish} is written for plan ${planDigest}`);
    return;
  }
  await taken(cluster, action, wish, planDigest, options.timeout * 1000);
}

/** What is decided on, as the API server holds it now. */
function planLines(action: HealingAction, planDigest: string): string[] {
  const paint = paintFor(process.stderr);
  const { plan, analysis } = action.status ?? {};
  const { kind, name, namespace = action.metadata.namespace ?? '' } = action.spec.targetResource;
  const rows = [
    ['target', `${kind} ${namespace}/${name}`],
    ['plan', plan?.summary ?? ''],
    ...Object.entries(plan?.parameters ?? {}).map(([key, value]) => ['', `${key}: ${value}`]),
    ['undo', plan?.reversible === true ? 'can be rolled back' : 'CANNOT be rolled back'],
    ...(plan?.approvalReason === undefined ? [] : [['why ask', plan.approvalReason]]),
    ...(analysis?.reasons ?? []).map((reason, index) => [index === 0 ? 'because' : '', reason]),
    ...demands(action).map(({ text }, index) => [index === 0 ? 'counts' : '', text]),
    ['digest', planDigest],
  ];
  return [...tableLines(rows), ...diffLines(plan?.diff).map(({ text, tone }) => `  ${paint(tone, printable(text))}`)];
}

async function consent(wish: Verdict, { yes, digest }: DecisionOptions): Promise<void> {
  if (yes === true || digest !== undefined) return;
  const verb = wish === 'Approved' ? 'Approve' : 'Reject';
  if (!canAsk())
    throw new CommandFailure(
      EXIT.usage,
      `nobody can be asked here: say --yes, or --digest with the digest of the plan`,
    );
  if (!(await confirmed(`${verb} this plan?`))) throw new CommandFailure(EXIT.failed, 'nothing was decided');
}

async function write(
  cluster: Cluster,
  { metadata }: HealingAction,
  decision: Verdict,
  planDigest: string,
  comment: string | undefined,
): Promise<void> {
  const { namespace = '', name, uid } = metadata;
  const typist = await whoami(cluster.client);
  const who = typist === undefined ? {} : { by: typist.username, groups: typist.groups };
  await cluster.call(`write the decision about HealingAction ${namespace}/${name}`, (client) =>
    client.patch(
      resources.healingActions,
      { namespace, name },
      'merge',
      {
        metadata: { uid },
        spec: {
          // All of it, so that nothing of a decision about an earlier plan remains.
          approval: { decision, planDigest, comment: comment ?? null, ...who },
        },
      },
      { fieldManager: 'kubeskippy-cli' },
    ),
  );
}

async function taken(
  cluster: Cluster,
  { metadata }: HealingAction,
  wish: Verdict,
  planDigest: string,
  timeoutMs: number,
): Promise<void> {
  const { namespace = '', name, uid } = metadata;
  const full = `HealingAction ${namespace}/${name}`;
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const found = await cluster.call(`look what became of the decision about ${full}`, (client) =>
      client.find<HealingAction>(resources.healingActions, { namespace, name }),
    );
    const { reception, ...more } = receptionOf(found?.metadata.uid === uid ? found : undefined, wish, planDigest);
    if ('message' in more) {
      if (reception === 'refused')
        throw new CommandFailure(EXIT.failed, `the decision about ${full} did not count: ${more.message}`);
      print(`${full}: ${more.message}`);
      return;
    }
    if (performance.now() >= deadline)
      throw new CommandFailure(
        EXIT.timedOut,
        `the decision about ${full} is written, but the healing has not taken it within ${timeoutMs / 1000} s: ` +
          `do the controller, a worker and Temporal run? It counts as soon as they do. Look: ${invokedAs()} explain ${name} -n ${namespace}`,
      );
    await sleep(POLL_MS);
  }
}
