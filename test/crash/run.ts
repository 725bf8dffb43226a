import { shuffled, seededRandom } from '../support/random.ts';
import { cellsOf, crowdOf, sampled, type Cell } from './cell.ts';
import type { Lane } from './lane.ts';
import { judge, judgeElsewhere } from './oracle/judge.ts';
import { recordSteps } from './record-steps.ts';
import { findingLines, type TrialResult } from './report.ts';
import { play, roundOf } from './rounds.ts';
import { SecondChances } from './second-chances.ts';
import { scenarios as allScenarios } from './scenarios/index.ts';
import { restartDeployment } from './scenarios/restart.ts';
import type { Trial } from './trial.ts';
import { World } from './world.ts';

export interface RunOptions {
  /** `all`, `sample`, or a regular expression on the names of cells. */
  readonly cells: string;
  readonly seed: number;
  readonly lanes: number;
  /** Healings that share a crash. */
  readonly abreast: number;
  /** How many cells a sample has, beside the recordings. */
  readonly size: number;
  readonly say: (line: string) => void;
  /** Ends the run; what was played until then is told. */
  readonly signal: AbortSignal;
}

/** Everything that was tried, and what was found wrong with it. */
export async function runCells(options: RunOptions): Promise<readonly TrialResult[]> {
  const { say } = options;
  const world = await World.start(options.lanes, say);
  try {
    const [first] = world.lanes;
    if (first === undefined) throw new Error('at least one lane is needed');
    say('recording the steps of healings that nothing disturbs');
    const recorded = await recordSteps(world, first, allScenarios);
    for (const { scenario, steps } of recorded)
      say(
        `${scenario.name}: ${steps.map(({ index, label, effect }) => `${index} ${effect ? '*' : ''}${label}`).join(' | ')}`,
      );
    const trials: Trial[] = recorded.map(({ trial }) => trial);
    const chosen = choose(
      recorded.flatMap(({ scenario, steps }) => cellsOf(scenario, steps)),
      options,
    );
    say(`${chosen.length} cells in ${world.lanes.length} lanes, ${options.abreast} abreast`);
    const rounds = roundsOf(chosen, options);
    const alone = rounds.filter(([cell]) => isAlone(cell));
    const shared = rounds.filter(([cell]) => !isAlone(cell));
    let done = 0;
    const began = Date.now();
    const chances = new SecondChances();
    /** Returns the cells that are to be played again. */
    const note = (lane: Lane, played: readonly Trial[]): readonly Cell[] => {
      const repeated = chances.toRepeat(played);
      for (const trial of repeated) trial.isRepeated = true;
      trials.push(...played);
      done += played.length - repeated.length;
      world.audit.readOn();
      const bad = findingLines(resultsOf(world, played));
      const seconds = Math.round((Date.now() - began) / 1000);
      say(
        `${String(seconds).padStart(4)} s  ${done}/${chosen.length}  ${lane.name}: ${nameOf(played)}${bad.length === 0 ? '' : ' !!'}`,
      );
      for (const { cell, unfired } of repeated) say(`  ${cell.id} is played again: ${unfired.join(', ')}`);
      for (const line of bad) say(`  ${line}`);
      return repeated.map(({ cell }) => cell);
    };
    const playing = (async () => {
      await Promise.all(world.lanes.map((lane) => playAll(world, lane, shared, options.seed, note)));
      await playAll(world, first, alone, options.seed, note);
    })();
    await unlessAborted(playing, options.signal);
    if (options.signal.aborted) say(`interrupted: ${done} of ${chosen.length} cells were played`);
    world.audit.readOn();
    return [...resultsOf(world, trials), ...strayResults(world)];
  } finally {
    await world.stop();
  }
}

async function unlessAborted(work: Promise<void>, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<undefined>();
  const stop = (): void => {
    resolve(undefined);
  };
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  await Promise.race([work, promise]);
  if (signal.aborted) work.catch(() => undefined); // its servers go away
}

/** A server is killed for all lanes, and the watcher watches for all. */
const isAlone = (cell: Cell | undefined): boolean =>
  cell?.disturbance.kind === 'watch' || (cell?.disturbance.kind === 'kill' && cell.disturbance.victim !== 'worker');

function choose(cells: readonly Cell[], { cells: which, seed, size }: RunOptions): readonly Cell[] {
  const everything = [...cells, ...crowdOf(restartDeployment)];
  if (which === 'all') return everything;
  if (which === 'sample') return sampled(everything, size, seed);
  const wanted = new RegExp(which);
  const found = everything.filter(({ id }) => wanted.test(id));
  if (found.length === 0)
    throw new Error(`no cell matches ${which}; there are:\n${everything.map(({ id }) => id).join('\n')}`);
  return found;
}

/** Where in its healing it is struck. */
const stepOf = ({ disturbance }: Cell): number => ('step' in disturbance ? disturbance.step.index : 0);

/** Cells that can share a round, some abreast: those that are struck early together, and those late; the rest the seed decides. */
export function roundsOf(cells: readonly Cell[], { seed, abreast }: Pick<RunOptions, 'seed' | 'abreast'>): Cell[][] {
  const random = seededRandom(seed);
  const rounds: Cell[][] = [];
  for (const group of Map.groupBy(cells, roundOf).values()) {
    const crowd = group.filter(({ id }) => id.startsWith('crowd/'));
    const others = shuffled(
      group.filter(({ id }) => !id.startsWith('crowd/')),
      random,
    ).toSorted((one, other) => stepOf(one) - stepOf(other));
    if (crowd.length > 0) rounds.push(crowd);
    // A server is killed once for all that is under way.
    const size = isAlone(others[0]) ? abreast * 2 : abreast;
    for (let at = 0; at < others.length; at += size) rounds.push(others.slice(at, at + size));
  }
  return shuffled(rounds, random);
}

/** Takes rounds until none is left; the next one is made ready while the last one goes on. */
async function playAll(
  world: World,
  lane: Lane,
  rounds: Cell[][],
  seed: number,
  note: (lane: Lane, played: readonly Trial[]) => readonly Cell[],
): Promise<void> {
  const prepareNext = (): Promise<Trial[]> | undefined => {
    const round = rounds.shift();
    const prepared = round && Promise.all(round.map((cell) => world.prepare(cell, lane)));
    prepared?.catch(() => undefined); // it is awaited in its turn
    return prepared;
  };
  for (let next = prepareNext(), number = 1; next !== undefined; number++) {
    const trials = await next;
    next = trials.some(({ cell }) => isAlone(cell)) ? undefined : prepareNext();
    await play(world, lane, trials, seed + number);
    rounds.push(...note(lane, trials).map((cell) => [cell])); // alone it does not share its time
    next ??= prepareNext();
  }
}

const resultsOf = (world: World, trials: readonly Trial[]): TrialResult[] =>
  trials.map((trial) => ({
    cell: `${trial.isRepeated ? 'missed/' : ''}${trial.cell.id}`,
    findings: judge(trial.history(world.audit)),
  }));

/** What was written where no trial was, and what nobody may have seen. */
function strayResults(world: World): TrialResult[] {
  const elsewhere = world.audit.namespaces
    .filter((namespace) => !world.isTrial(namespace))
    .flatMap((namespace) => judgeElsewhere(namespace, world.audit.writesIn(namespace)));
  return [
    ...(elsewhere.length === 0 ? [] : [{ cell: 'elsewhere', findings: elsewhere }]),
    ...(world.observer.gaps > 0
      ? [
          {
            cell: 'observer',
            findings: [{ fault: 'unfired', detail: `${world.observer.gaps} gaps in what was seen` }],
          } as const,
        ]
      : []),
  ];
}

const nameOf = (trials: readonly Trial[]): string => {
  const kinds = new Set(trials.map(({ cell }) => cell.id.split('/')[0]));
  return `${trials.length} × ${[...kinds].join(', ')}`;
};
