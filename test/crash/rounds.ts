import { setTimeout as sleep } from 'node:timers/promises';
import { seededRandom } from '../support/random.ts';
import type { Cell } from './cell.ts';
import { deleteAtStep } from './delete-at-step.ts';
import type { Lane } from './lane.ts';
import { answered, cutAfter, cutBefore, delayed, type Fault } from './proxy/faults.ts';
import { loseLines } from './lose-lines.ts';
import { Rule } from './proxy/rule.ts';
import { isStepIn, matchOf, type Step } from './steps.ts';
import { Strike } from './strike.ts';
import type { Trial } from './trial.ts';
import { FIRST_ARRIVES_WITHIN_MS, within } from './within.ts';
import type { World } from './world.ts';

/** An activity that is held times out after 15 s; then the same step would be taken a second time. */
const HELD_AT_MOST_MS = 12_000;
/** A slow write arrives in time; one that is too slow arrives when its sender tries again. */
const SLOW_MS = 3_000;
const TOO_SLOW_MS = 17_000;
/** How long a healer may go on after an answer before the crash, at most. */
const GRACE_MS = 40;
/** A worker that wakes up does at once what it had in mind. */
const WOKEN_MS = 3_000;
/** A target is busy from so many writes of its status on. */
const BUSY_WRITES = 10;

/** Several healings of one lane that share a crash, each at its own step. Resolves when all have ended and were seen. */
export async function play(world: World, lane: Lane, trials: readonly Trial[], seed: number): Promise<void> {
  const disturbance = trials[0]?.cell.disturbance;
  if (disturbance?.kind === 'kill') await kill(world, lane, trials, disturbance.victim, seed);
  else if (disturbance?.kind === 'pause') await pause(lane, trials);
  else await Promise.all(trials.map((trial) => calm(world, lane, trial)));
  await Promise.all(trials.map((trial) => trial.seen()));
}

/** Cells that may share a round have the same text here. */
export function roundOf({ disturbance }: Cell): string {
  const { kind } = disturbance;
  if (kind === 'kill') return `kill-${disturbance.victim}`;
  return kind === 'pause' || kind === 'watch' ? kind : 'calm';
}

async function kill(
  world: World,
  lane: Lane,
  trials: readonly Trial[],
  victim: 'worker' | 'temporal' | 'kube-apiserver',
  seed: number,
): Promise<void> {
  const planned = trials.flatMap((trial) => {
    const { disturbance } = trial.cell;
    if (disturbance.kind !== 'kill') return [];
    const strike = new Strike(trial.namespace, disturbance.step, disturbance.side);
    lane.proxy.add(strike.rule);
    return [{ trial, strike, side: disturbance.side }];
  });
  await Promise.all(trials.map((trial) => trial.begin()));
  const struck = await thoseAtTheirSteps(lane, planned, trials);
  if (victim === 'worker') lane.proxy.freeze();
  const replied = struck.filter(({ side }) => side === 'replied');
  for (const { strike } of replied) strike.letGo('on');
  await within(1_000, Promise.all(replied.map(({ strike }) => strike.replied)), []);
  if (replied.length > 0) await sleep(seededRandom(seed)() * GRACE_MS);
  if (victim === 'worker') {
    await lane.killWorker();
    for (const { strike } of struck) strike.letGo('cut');
    lane.proxy.cutAndThaw();
  } else {
    world.env.supervisor.kill(victim, 'SIGKILL'); // it is started again
    for (const { strike } of struck) strike.letGo(victim === 'temporal' ? 'on' : 'cut');
  }
  await Promise.all(trials.map((trial) => trial.ended()));
  for (const { strike } of struck) lane.proxy.remove(strike.rule);
  for (const trial of trials) trial.auditMayLack ||= victim === 'kube-apiserver';
}

/** The worker sleeps between its claim and its write for longer than its time; another does the work; then it wakes. */
async function pause(lane: Lane, trials: readonly Trial[]): Promise<void> {
  const planned = trials.flatMap((trial) => {
    const { disturbance } = trial.cell;
    if (disturbance.kind !== 'pause') return [];
    const strike = new Strike(trial.namespace, disturbance.step, 'replied');
    lane.proxy.add(strike.rule);
    return [{ trial, strike }];
  });
  await Promise.all(trials.map((trial) => trial.begin()));
  const struck = await thoseAtTheirSteps(lane, planned, trials);
  const { start, wake, end } = await lane.replaceWorker();
  for (const { strike } of struck) strike.letGo('on'); // the answers wait for it
  await start();
  await Promise.all(trials.map((trial) => trial.ended()));
  wake();
  await sleep(WOKEN_MS);
  await end();
  for (const { strike } of struck) lane.proxy.remove(strike.rule);
}

interface Planned {
  readonly trial: Trial;
  readonly strike: Strike;
}

/** Those that stand at their steps when it is time. Whoever is late is not struck there: its cell is missed. */
async function thoseAtTheirSteps<T extends Planned>(
  lane: Lane,
  planned: readonly T[],
  trials: readonly Trial[],
): Promise<readonly T[]> {
  const arrivals = planned.map(({ strike }) => strike.arrived);
  if (arrivals.length > 0) await within(FIRST_ARRIVES_WITHIN_MS, Promise.race(arrivals), trials);
  await within(HELD_AT_MOST_MS, Promise.all(arrivals), trials);
  const { struck, missed } = partition(planned);
  for (const { trial, strike } of missed) {
    lane.proxy.remove(strike.rule);
    strike.letGo('on'); // its write may be under way
    trial.noteUnfired('it did not come to its step in time');
  }
  return struck;
}

/** By whether the step was reached. */
export function partition<T extends { readonly strike: Pick<Strike, 'hasArrived'> }>(
  planned: readonly T[],
): { readonly struck: readonly T[]; readonly missed: readonly T[] } {
  return {
    struck: planned.filter(({ strike }) => strike.hasArrived),
    missed: planned.filter(({ strike }) => !strike.hasArrived),
  };
}

async function calm(world: World, lane: Lane, trial: Trial): Promise<void> {
  const { disturbance } = trial.cell;
  switch (disturbance.kind) {
    case 'mishap':
      return mishap(lane, trial, disturbance.step, faultOf(disturbance.mishap));
    case 'late':
      return late(lane, trial, disturbance.step);
    case 'deleted':
      return deleteAtStep(lane, trial, disturbance.step);
    case 'busy':
      return busy(trial);
    case 'watch':
      return loseLines(world.watchTap, lane, trial, disturbance);
    case 'none':
    case 'kill':
    case 'pause':
      await trial.begin();
      await trial.ended();
  }
}

async function busy(trial: Trial): Promise<void> {
  const over = new AbortController();
  const begun = Promise.withResolvers<undefined>();
  let times = 0;
  const writing = trial.keepBusy(over.signal, (written) => {
    times = written;
    if (written === BUSY_WRITES) begun.resolve(undefined);
  });
  await within(30_000, begun.promise, []);
  await trial.begin();
  await trial.ended();
  over.abort();
  await writing;
  trial.noteUnfired(times < BUSY_WRITES ? `the target was written ${times} times only` : undefined);
}

async function mishap(lane: Lane, trial: Trial, step: Step, fault: Fault): Promise<void> {
  const rule = lane.proxy.add(new Rule(matchOf(trial.namespace, step), fault));
  await trial.begin();
  await trial.ended();
  lane.proxy.remove(rule);
  trial.noteUnfired(rule.fired === 0 ? 'the fault never struck' : undefined);
}

async function late(lane: Lane, trial: Trial, step: Step): Promise<void> {
  const strike = new Strike(trial.namespace, step, 'before');
  lane.proxy.add(strike.rule);
  const answer = Promise.withResolvers<undefined>();
  const forget = lane.proxy.onExchange(({ request }) => {
    if (isStepIn(trial.namespace)(request) && trial.hasEnded) answer.resolve(undefined);
  });
  await trial.begin();
  await trial.ended();
  if (strike.unfired === undefined) {
    strike.letGo('on');
    await within(10_000, answer.promise, []);
  }
  forget();
  lane.proxy.remove(strike.rule);
  trial.noteUnfired(strike.unfired);
}

function faultOf(what: Extract<Cell['disturbance'], { kind: 'mishap' }>['mishap']): Fault {
  switch (what) {
    case 'cut-before':
      return cutBefore();
    case 'cut-after':
      return cutAfter();
    case '409':
    case '500':
    case '503':
      return answered(Number(what));
    case '429':
      return answered(429, 1);
    case 'slow':
      return delayed(SLOW_MS);
    case 'too-slow':
      return delayed(TOO_SLOW_MS);
  }
}
