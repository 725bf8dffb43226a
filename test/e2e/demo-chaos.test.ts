import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { KubeClient } from '../../src/adapters/kubernetes/kube-client.ts';
import { resources } from '../../src/adapters/kubernetes/resource.ts';
import type { HealingAction } from '../../src/api/healing-action.ts';
import type { Deployment } from '../../src/api/workloads.ts';
import { isTrue } from '../../src/domain/condition.ts';
import { accepted, AuditLogTail, type AuditEntry } from '../../src/local/demo/audit-log.ts';
import { runDemo } from '../../src/local/demo/demo.ts';
import { appOf, hasHealed } from '../../src/local/demo/incident.ts';
import type { Places, Presenter, Victim } from '../../src/local/demo/presenter.ts';
import { scenarios } from '../../src/local/demo/scenario.ts';
import { eventually } from '../support/eventually.ts';
import { seededRandom, shuffled } from '../support/random.ts';

const SERVERS = ['worker', 'controller', 'temporal', 'kube-apiserver', 'etcd'];
/** Once at most: twice would be a crash loop of all that ran there. */
const NODE = 'kubelet';
const LONGEST_PAUSE_MS = 9_000;
/** About as long as a step takes. */
const STEP_MS = 120;
const NEXT_STEP_WITHIN_MS = 20_000;
const HEALED_WITHIN_MS = 240_000;

/** Another seed is another course of events: KUBESKIPPY_CHAOS_SEED=7 KUBESKIPPY_CHAOS_ROUNDS=3 npm test -- demo-chaos. */
const seed = Number(process.env['KUBESKIPPY_CHAOS_SEED'] ?? 1);
const rounds = Number(process.env['KUBESKIPPY_CHAOS_ROUNDS'] ?? 1);

test(`kill -9 of every server at random moments: all is healed, with one effect each (seed ${seed})`, async () => {
  const story: string[] = [];
  const began = Date.now();
  const note = (line: string): void => {
    story.push(`${((Date.now() - began) / 1000).toFixed(1)} s ${line}`);
  };
  const stop = new AbortController();
  const started = Promise.withResolvers<Places>();
  const seen: Seen = { victims: [], steps: 0 };
  let versions = '';
  const presenter: Presenter = {
    progress: note,
    started: started.resolve,
    show: (apps, running) => {
      seen.victims = running;
      const actions = apps.flatMap(({ incidents }) => incidents.flatMap((incident) => incident.actions));
      const now = actions.map(({ metadata }) => metadata.resourceVersion).join();
      if (now !== versions) seen.steps++;
      versions = now;
    },
    happened: note,
    close: () => undefined,
  };
  const demo = runDemo({
    presenter,
    signal: stop.signal,
    once: false,
    timeoutMs: HEALED_WITHIN_MS,
    preferUsualPorts: false, // somebody else's worker may be configured for them
  });
  try {
    const places = await Promise.race([started.promise, demo.then(() => Promise.reject(new Error('ended early')))]);
    const world = new World(places);
    await world.comesUp();
    for (let round = 0; round < rounds; round++)
      await killThemAll(round === 0 ? [...SERVERS, NODE] : SERVERS, seen, note);
    await world.isHealed();
    await world.hasOneEffectPerAction();
    if (process.env['KUBESKIPPY_CHAOS_STORY'] !== undefined) process.stderr.write(`${story.join('\n')}\n`);
  } catch (error) {
    throw new Error(`${String(error)}\n${story.join('\n')}`, { cause: error });
  } finally {
    stop.abort();
    await demo;
  }
  expect((await demo).map(({ name, healed, verified }) => ({ name, healed, verified }))).toEqual(
    scenarios.map(({ name }) => ({ name, healed: true, verified: true })),
  );
}, 400_000);

interface Seen {
  victims: readonly Victim[];
  /** How often a HealingAction was seen changed. */
  steps: number;
}

const random = seededRandom(seed);

/** Each once, in random order: at any moment, or in the middle of a step of some healing. */
async function killThemAll(names: readonly string[], seen: Seen, note: (line: string) => void): Promise<void> {
  for (const name of shuffled(names, random)) {
    if (random() < 0.5) await delay(random() * LONGEST_PAUSE_MS);
    else {
      await nextStep(seen);
      await delay(random() * STEP_MS);
    }
    const victim = await eventually(() => {
      const found = seen.victims.find((candidate) => candidate.name === name);
      if (found === undefined) throw new Error(`${name} does not run`);
      return found;
    }, 60_000);
    process.kill(victim.pid, 'SIGKILL');
    note(`killed ${name}`);
  }
}

async function nextStep(seen: Seen): Promise<void> {
  const { steps } = seen;
  const deadline = Date.now() + NEXT_STEP_WITHIN_MS;
  while (seen.steps === steps && Date.now() < deadline) await delay(5);
}

class World {
  readonly #admin: KubeClient;
  readonly #audit: AuditLogTail;

  constructor({ kubeconfig, auditLog }: Places) {
    this.#admin = KubeClient.load({ kubeconfig });
    this.#audit = new AuditLogTail(auditLog, (line) => line.includes('"namespace":"demo"'));
  }

  comesUp(): Promise<unknown> {
    return eventually(() => this.#admin.get(resources.deployments, at('storefront')), 60_000, 100);
  }

  async isHealed(): Promise<void> {
    await eventually(
      async () => {
        const actions = await this.#actions();
        const open = scenarios.filter(
          ({ app }) => !actions.some((action) => appOf(action) === app && hasHealed(action)),
        );
        if (open.length > 0) throw new Error(`not healed: ${open.map(({ app }) => app).join(', ')}`);
      },
      HEALED_WITHIN_MS,
      500,
    );
  }

  /** By the API server's audit log, and, because it loses lines when it is killed, by what cannot be undone. */
  async hasOneEffectPerAction(): Promise<void> {
    const actions = await this.#actions();
    const executed = actions.filter(({ status }) => isTrue(status?.conditions, 'Executed'));
    const effects = this.#audit.read().filter((entry) => accepted(entry) && isEffect(entry));
    const perAction = Map.groupBy(effects, ({ auditID }) => auditID.split('/')[1] ?? '');
    for (const [uid, entries] of perAction) {
      expect(executed.map(({ metadata }) => metadata.uid)).toContain(uid);
      expect(entries).toHaveLength(1);
    }
    for (const app of ['storefront', 'checkout']) {
      const { metadata } = await this.#admin.get<Deployment>(resources.deployments, at(app));
      const undone = executed.filter((action) => appOf(action) === app).length;
      // Created, broken, and undone once per action; nothing else has ever changed the spec.
      expect({ app, generation: metadata.generation }).toEqual({ app, generation: 2 + undone });
    }
  }

  async #actions(): Promise<readonly HealingAction[]> {
    return (await this.#admin.list<HealingAction>(resources.healingActions, { namespace: 'demo' })).items;
  }
}

const at = (name: string): { namespace: string; name: string } => ({ namespace: 'demo', name });

const isEffect = ({ auditID }: AuditEntry): boolean =>
  /^ks\/[^/]+\/(execute|rollback)\//.test(auditID) && !/\/(claim|fence)$/.test(auditID);
