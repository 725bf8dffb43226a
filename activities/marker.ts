import type { HealingAction } from '../src/api/healing-action.ts';
import { GROUP, markerKey } from '../src/api/constants.ts';
import type { Marker } from '../src/actions/define-action.ts';

/** The annotation by which a step's effect is recognised on its target; one per action, step and ordered try. */
export const markerFor = (action: HealingAction, step: 'execute' | 'rollback', attempt: number): Marker => ({
  key: step === 'execute' ? markerKey(action.metadata.uid) : `${GROUP}/reverted-${action.metadata.uid}`,
  value: `${step}-${attempt}`,
});
