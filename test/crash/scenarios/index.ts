import type { Scenario } from '../scenario.ts';
import { custom } from './custom.ts';
import { deleteDeployment, deletePod } from './delete.ts';
import { patch, patchTakenBack } from './patch.ts';
import { restartByEvictions, restartDeployment, restartPod, restartStatefulSet } from './restart.ts';
import { scale, scaleTakenBack } from './scale.ts';
import { undo, undoTakenBack } from './undo.ts';

/** Every way in which healings are tried. A new action is a file of such rows, and a line here. */
export const scenarios: readonly Scenario[] = [
  restartDeployment,
  restartStatefulSet,
  restartPod,
  restartByEvictions,
  undo,
  undoTakenBack,
  scale,
  scaleTakenBack,
  patch,
  patchTakenBack,
  deletePod,
  deleteDeployment,
  custom,
];
