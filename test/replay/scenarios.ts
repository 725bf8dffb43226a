import { actions } from './scenarios/actions.ts';
import { decisions } from './scenarios/decisions.ts';
import { endings } from './scenarios/endings.ts';
import { begun, entities } from './scenarios/entities.ts';
import type { Scenario } from './scenarios/scenario.ts';

/** In this order: later ones use what earlier ones left behind. */
export const scenarios: readonly Scenario[] = [begun, ...actions, ...decisions, ...endings, ...entities];
