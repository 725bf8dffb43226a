import { pointer, setInMap, testInMap, type JsonPatchOperation } from '../../domain/json-patch.ts';
import type { Effect, EffectInput, PlanResult } from '../define-action.ts';
import { guardedPatch } from '../guarded-patch.ts';
import { named, type Workload } from './workload.ts';

const RESTARTED_AT = 'kubectl.kubernetes.io/restartedAt';
const TEMPLATE_ANNOTATIONS = ['spec', 'template', 'metadata', 'annotations'];

const restartedAtOf = ({ spec }: Workload): string | undefined => spec.template.metadata?.annotations?.[RESTARTED_AT];

/** The restart that the workload's controller carries out: its pod template gets a new stamp, as from `kubectl`. */
export function planStamp(workload: Workload, stamp: string, atOnce: number): PlanResult {
  // Two plans of one moment: the second would change nothing, and nothing would roll out.
  const taken = restartedAtOf(workload) === stamp;
  const restartedAt = taken ? new Date(Date.parse(stamp) + 1).toISOString() : stamp;
  return {
    result: 'planned',
    parameters: { restartedAt },
    summary: `restart ${named(workload)}, pod by pod as its update strategy says (at most ${atOnce} down at a time)`,
  };
}

export function stampTemplate(
  workload: Workload,
  { parameters, marker }: Pick<EffectInput, 'parameters' | 'marker'>,
): Effect {
  const stamp = parameters['restartedAt'] ?? '';
  const { metadata } = workload.spec.template;
  const annotations = metadata?.annotations;
  if (isStamped(workload, parameters)) return { result: 'drifted', message: 'another restart has the same time stamp' };
  const change: JsonPatchOperation[] =
    metadata === undefined
      ? [
          { op: 'test', path: pointer('spec', 'template', 'metadata'), value: null },
          {
            op: 'add',
            path: pointer('spec', 'template', 'metadata'),
            value: { annotations: { [RESTARTED_AT]: stamp } },
          },
        ]
      : [
          ...(annotations === undefined ? [] : testInMap(annotations, TEMPLATE_ANNOTATIONS, RESTARTED_AT)),
          ...setInMap(annotations, TEMPLATE_ANNOTATIONS, RESTARTED_AT, stamp),
        ];
  return {
    result: 'effect',
    write: guardedPatch(workload, marker, change),
    changes: [
      {
        field: `spec.template.metadata.annotations[${RESTARTED_AT}]`,
        oldValue: annotations?.[RESTARTED_AT] ?? '',
        newValue: stamp,
      },
    ],
  };
}

export const isStamped = (workload: Workload, parameters: EffectInput['parameters']): boolean =>
  restartedAtOf(workload) === parameters['restartedAt'];
