import type { PolicyState } from './episode.ts';

/** What the policy's status says of its workflow's state. */
export interface PolicySummary {
  readonly generation: number;
  readonly activeTriggers: readonly string[];
  readonly firing: number;
  readonly overflow: number;
  readonly selected: number;
  readonly unhealthy: number;
  /** Why nothing was created for some of what is firing. */
  readonly held: readonly string[];
}

const MAX_HELD = 10;

export const summaryOf = (state: PolicyState): PolicySummary => ({
  generation: state.generation,
  activeTriggers: [...new Set(state.firing.map((firing) => firing.trigger))].sort(),
  firing: state.firing.length + state.overflow,
  overflow: state.overflow,
  selected: state.selected,
  unhealthy: state.unhealthy,
  held: [...new Set(Object.values(state.held))].sort().slice(0, MAX_HELD),
});
