import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { KubeClient } from '../../../src/adapters/kubernetes/kube-client.ts';
import { resources } from '../../../src/adapters/kubernetes/resource.ts';
import { TemporalConnection } from '../../../src/adapters/temporal/connection.ts';
import type { HealingAction } from '../../../src/api/healing-action.ts';
import { startStack, type Stack } from '../../../src/local/stack.ts';
import { freePort } from '../../../src/local/servers/ports.ts';
import { httpReady } from '../../../src/local/supervisor/readiness.ts';
import { seededRandom, shuffled } from '../../support/random.ts';
import { StandInNode } from '../../support/stand-in-node.ts';
import { AuditTail } from '../oracle/audit-tail.ts';
import { hasLetGo } from '../oracle/history.ts';
import { Observer } from '../oracle/observer.ts';
import type { Ground } from '../scenario.ts';
import { prepare } from './ground.ts';
import { manifestOf, type Order } from './orders.ts';
import { People } from './people.ts';
import { Strikes } from './strikes.ts';

const NAMESPACE = 'swarm';
const WORKERS = ['worker', 'worker-2'] as const;
const ENDS_WITHIN_MS = 300_000;
const LOOK_EVERY_MS = 50;

export interface SwarmOptions {
  readonly seed: number;
  /** How many times a worker is killed; with 0 the controller lives, too. */
  readonly deaths: number;
  /** Where the servers' data and all logs stay; nowhere when absent. */
  readonly keep?: string | undefined;
  readonly say: (line: string) => void;
}

/** One action of the swarm and how long it took. */
export interface Asked {
  readonly order: Order;
  readonly uid: string;
  /** resourceVersion at which it was made. */
  readonly since: number;
  /** From its creation to its end, or to its deletion; undefined when it has not ended. */
  endedAfterMs?: number;
}

/** The real servers, controller and workers as they run in a cluster, pods that run nothing, and 200 actions at once. */
export interface Swarm {
  readonly namespace: string;
  readonly stack: Stack;
  readonly temporal: TemporalConnection;
  readonly observer: Observer;
  readonly audit: AuditTail;
  readonly asked: readonly Asked[];
  readonly people: People;
  /** What was killed, in order. */
  readonly kills: readonly string[];
}

/** Resolves when all have ended, or should have long since, and everybody who was killed is back. */
export async function unleash({ seed, deaths, keep, say }: SwarmOptions): Promise<Swarm> {
  const directory = keep ?? mkdtempSync(join(tmpdir(), 'kubeskippy-swarm-'));
  const stack = await startStack({
    directory,
    keepData: keep !== undefined,
    components: ['apiserver', 'controller-manager', 'temporal'],
    kubelet: false,
    settings: { NODE_COMPILE_CACHE: join(directory, 'compile-cache') }, // they are started often
  });
  const { env, admin } = stack;
  const temporal = new TemporalConnection(env.temporal);
  const node = new StandInNode(admin, NAMESPACE);
  const observer = new Observer(KubeClient.load({ kubeconfig: env.kubeconfig('admin') }));
  const stop = async (): Promise<void> => {
    await Promise.allSettled([node.stop(), observer.stop()]);
    await temporal.close();
    await stack.stop();
  };
  try {
    await startSecondWorker(stack);
    await node.start();
    await observer.start();
    const ground = { admin, namespace: NAMESPACE };
    say('making what the swarm is for');
    const random = seededRandom(seed);
    const orders = shuffled(await prepare(ground), random);
    const seen = (name: string): HealingAction | undefined => observer.action(NAMESPACE, name);
    const people = new People({ admin, temporal, namespace: NAMESPACE, random, seen });
    const strikes = new Strikes({
      supervisor: env.supervisor,
      ...{ workers: WORKERS, controller: 'controller', deaths, random, say },
    });
    say(`${orders.length} actions at once`);
    strikes.start();
    const asked = await Promise.all(orders.map((order) => ask(ground, order)));
    say('all were asked for');
    const regrets = Promise.all(orders.map((order) => people.regret(order)));
    const waiting = await waitFor(asked, people, observer);
    await regrets;
    say(waiting.length === 0 ? 'all have ended' : `${waiting.length} have not ended`);
    await strikes.stop();
    return {
      namespace: NAMESPACE,
      stack: { ...stack, stop },
      ...{ temporal, observer, audit: new AuditTail(env.auditLogFile), asked, people, kills: strikes.kills },
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

interface Timed extends Asked {
  readonly began: number;
}

async function ask(ground: Ground, order: Order): Promise<Timed> {
  const began = performance.now();
  const body = manifestOf(order, ground.namespace);
  const { metadata } = await ground.admin.create<HealingAction>(resources.healingActions, ground, body);
  return { order, uid: metadata.uid, since: Number(metadata.resourceVersion), began };
}

/** Answers for people meanwhile; returns those that have not ended in time. */
async function waitFor(asked: readonly Timed[], people: People, observer: Observer): Promise<readonly Asked[]> {
  const hasEnded = ({ order: { name } }: Asked): boolean =>
    observer.isGone(NAMESPACE, name) || (!people.hasDeleted(name) && hasLetGo(observer.action(NAMESPACE, name)));
  const deadline = Date.now() + ENDS_WITHIN_MS;
  let waiting = asked;
  while (waiting.length > 0 && Date.now() < deadline) {
    await people.attend(waiting.map(({ order }) => order));
    for (const one of waiting) if (hasEnded(one)) one.endedAfterMs = performance.now() - one.began;
    waiting = waiting.filter(({ endedAfterMs }) => endedAfterMs === undefined);
    await sleep(LOOK_EVERY_MS);
  }
  return waiting;
}

/** As the first, at another port. */
async function startSecondWorker({ env: { supervisor } }: Stack): Promise<void> {
  const [first, second] = WORKERS;
  const { spec } = supervisor.get(first);
  const port = await freePort();
  await supervisor.start({
    ...spec,
    name: second,
    env: { ...spec.env, KUBESKIPPY_METRICS_PORT: String(port) },
    ready: httpReady(`http://127.0.0.1:${port}/readyz`),
  });
}
