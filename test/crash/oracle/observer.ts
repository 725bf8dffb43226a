import { setTimeout as sleep } from 'node:timers/promises';
import type { HealingAction } from '../../../src/api/healing-action.ts';
import type { KubeObject } from '../../../src/api/meta.ts';
import type { KubeClient } from '../../../src/adapters/kubernetes/kube-client.ts';
import { pathOf, resources, type Resource } from '../../../src/adapters/kubernetes/resource.ts';
import { findCondition } from '../../../src/domain/condition.ts';
import type { Sighting } from './history.ts';
import { marksOn, stateOf } from './state-of.ts';

const WATCHED = [
  resources.deployments,
  resources.statefulSets,
  resources.daemonSets,
  resources.jobs,
  resources.pods,
  resources.healingActions,
] as const;
const RETRY_MS = 200;

interface Line {
  readonly type: string;
  readonly object: KubeObject & { readonly code?: number };
}

/**
 * Sees every version of every object that healings could write, with an administrator's eyes and with none of the code
 * under test: a plain watch per kind, taken up again at the version where it broke off.
 */
export class Observer {
  readonly #client: KubeClient;
  readonly #stop = new AbortController();
  readonly #sightings = new Map<string, Sighting[]>();
  readonly #actions = new Map<string, HealingAction>();
  readonly #gone = new Set<string>();
  readonly #endings = new Map<string, string[]>();
  readonly #versions = new Map<string, number>();
  readonly #running: Promise<void>[] = [];
  #gaps = 0;

  constructor(client: KubeClient) {
    this.#client = client;
  }

  async start(): Promise<void> {
    for (const resource of WATCHED) {
      const { resourceVersion } = await this.#client.list(resource);
      this.#running.push(this.#follow(resource, resourceVersion));
    }
  }

  /** How often something may have been missed; anything but 0 makes the whole run worthless. */
  get gaps(): number {
    return this.#gaps;
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await Promise.all(this.#running);
  }

  sightings(namespace: string): readonly Sighting[] {
    return this.#sightings.get(namespace) ?? [];
  }

  /** As it was when it was last seen. */
  action(namespace: string, name: string): HealingAction | undefined {
    return this.#actions.get(`${namespace}/${name}`);
  }

  isGone(namespace: string, name: string): boolean {
    return this.#gone.has(`${namespace}/${name}`);
  }

  endings(namespace: string, name: string): readonly string[] {
    return this.#endings.get(`${namespace}/${name}`) ?? [];
  }

  /** The newest version of an object that was seen; 0 if none was. */
  version(resource: Resource, namespace: string, name: string): number {
    return this.#versions.get(`${namespace}/${resource.plural}/${name}`) ?? 0;
  }

  async #follow(resource: Resource, from: string): Promise<void> {
    let version = from;
    while (!this.#stop.signal.aborted) {
      try {
        for await (const { type, object } of this.#lines(resource, version)) {
          if (type === 'ERROR') {
            if (object.code === 410) version = await this.#bridge(resource);
            break;
          }
          version = object.metadata.resourceVersion;
          if (type !== 'BOOKMARK') this.#note(resource, type, object);
        }
      } catch {
        // the API server is away; it is asked again for what came after `version`
      }
      await sleep(RETRY_MS, undefined, { signal: this.#stop.signal }).catch(() => undefined);
    }
  }

  /** What happened meanwhile cannot be had any more, only what it came to. */
  async #bridge(resource: Resource): Promise<string> {
    const { items, resourceVersion } = await this.#client.list<KubeObject>(resource);
    this.#gaps += 1;
    for (const item of items) this.#note(resource, 'MODIFIED', item);
    return resourceVersion;
  }

  async *#lines(resource: Resource, version: string): AsyncGenerator<Line> {
    const query = { watch: true, resourceVersion: version, allowWatchBookmarks: true, timeoutSeconds: 3_000 };
    const { body } = await this.#client.stream(pathOf(resource), {
      query,
      signal: this.#stop.signal,
      bodyTimeoutMs: 0,
    });
    let rest = '';
    body.setEncoding('utf8');
    for await (const chunk of body as AsyncIterable<string>) {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) if (line !== '') yield JSON.parse(line) as Line;
    }
  }

  #note(resource: Resource, type: string, object: KubeObject): void {
    const { namespace = '', name, resourceVersion } = object.metadata;
    const version = Number(resourceVersion);
    this.#versions.set(`${namespace}/${resource.plural}/${name}`, version);
    if (resource === resources.healingActions) {
      this.#noteAction(type, object as HealingAction);
      return;
    }
    const sightings = listOf(this.#sightings, namespace);
    const key = `${resource.plural}/${name}`;
    const state = stateOf(resource.plural, type, object);
    const last = sightings.findLast((sighting) => sighting.key === key);
    if (last?.state !== state) sightings.push({ key, state, version, marks: marksOn(object) });
  }

  #noteAction(type: string, action: HealingAction): void {
    const key = `${action.metadata.namespace ?? ''}/${action.metadata.name}`;
    if (type === 'DELETED') this.#gone.add(key);
    this.#actions.set(key, action);
    const succeeded = findCondition(action.status?.conditions, 'Succeeded');
    if (succeeded === undefined || succeeded.status === 'Unknown') return;
    const endings = listOf(this.#endings, key);
    const ending = `${succeeded.status} ${succeeded.reason}`;
    if (endings.at(-1) !== ending) endings.push(ending);
  }
}

function listOf<T>(lists: Map<string, T[]>, key: string): T[] {
  const known = lists.get(key);
  if (known !== undefined) return known;
  const made: T[] = [];
  lists.set(key, made);
  return made;
}
