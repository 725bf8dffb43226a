import { messageOf } from '../adapters/kubernetes/kube-error.ts';
import { resources } from '../adapters/kubernetes/resource.ts';
import type { HealingAction } from '../api/healing-action.ts';
import { phaseOf } from './action-rows.ts';
import { openCluster, type Cluster } from './cluster.ts';
import type { ClusterOptions } from './commands/cluster-options.ts';
import { nextSteps } from './explain/next-steps.ts';
import { explanation } from './explain/render.ts';
import { storyOf } from './explain/story.ts';
import type { ListedEvent } from './explain/timeline.ts';
import { invokedAs } from './invocation.ts';
import { paintFor } from './output/paint.ts';
import { print, printData, tell, type DataFormat } from './output/print.ts';

/** `kubeskippy explain NAME`. */
export async function explain(name: string, options: ClusterOptions & { readonly output?: DataFormat }): Promise<void> {
  const cluster = openCluster(options);
  const action = await cluster.read(cluster.named(name));
  const known = { action, events: await eventsOf(cluster, action) };
  const program = invokedAs();
  if (options.output === undefined) {
    print(explanation(known, { paint: paintFor(process.stdout), now: new Date(), program }).join('\n'));
    return;
  }
  const timeline = storyOf(known).map(({ time, step, title, details }) => ({
    time: Number.isNaN(time) ? null : new Date(time).toISOString(),
    step,
    title,
    details: details.map(({ text }) => text),
  }));
  const { namespace = '', uid } = action.metadata;
  printData(
    {
      action: { namespace, name: action.metadata.name, uid },
      phase: phaseOf(action),
      reason: action.status?.reason ?? null,
      timeline,
      next: nextSteps(action, program),
    },
    options.output,
  );
}

/** Events last an hour, and not everybody may read them: without them the story has less detail. */
async function eventsOf({ client }: Cluster, { metadata }: HealingAction): Promise<readonly ListedEvent[]> {
  const { namespace = '', uid } = metadata;
  try {
    const { items } = await client.list<ListedEvent>(resources.events, {
      namespace,
      fieldSelector: `regarding.uid=${uid}`,
    });
    return items;
  } catch (error) {
    tell(`kubeskippy: without Events, which cannot be read: ${messageOf(error)}`);
    return [];
  }
}
