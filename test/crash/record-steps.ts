import type { Cell } from './cell.ts';
import type { Lane } from './lane.ts';
import { isStepIn, stepsFrom, type Step } from './steps.ts';
import type { SeenRequest } from './proxy/seen-request.ts';
import type { Scenario } from './scenario.ts';
import type { Trial } from './trial.ts';
import type { World } from './world.ts';

export interface Recorded {
  readonly scenario: Scenario;
  readonly steps: readonly Step[];
  readonly trial: Trial;
}

/** Lets one healing of each kind go as it should, and notes its writes: they are the steps between which crashes fall. */
export async function recordSteps(world: World, lane: Lane, scenarios: readonly Scenario[]): Promise<Recorded[]> {
  return Promise.all(
    scenarios.map(async (scenario) => {
      const cell: Cell = { id: `clean/${scenario.name}`, scenario, disturbance: { kind: 'none' } };
      const trial = await world.prepare(cell, lane);
      const requests: SeenRequest[] = [];
      const forget = lane.proxy.onExchange(({ request }) => {
        if (isStepIn(trial.namespace)(request)) requests.push(request);
      });
      await trial.begin();
      await trial.ended();
      await trial.seen();
      forget();
      return { scenario, trial, steps: stepsFrom(requests) };
    }),
  );
}
