import { pointer, setInMap, type JsonPatchOperation } from '../../domain/json-patch.ts';
import type { Effect, EffectInput, PlanResult } from '../define-action.ts';
import { guardedPatch } from '../guarded-patch.ts';
import { named } from '../objects.ts';
import { templateDigest } from '../pod-template.ts';
import type { Workload } from './workload.ts';

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
    parameters: { restartedAt, templateDigest: templateDigest(workload.spec.template) },
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
  // Who has agreed to a restart has agreed to what runs now, and not to what somebody rolls out meanwhile.
  if (templateDigest(workload.spec.template) !== parameters['templateDigest'])
    return { result: 'drifted', message: 'the pod template was changed after the plan was made' };
  const change: JsonPatchOperation[] = [
    { op: 'test', path: pointer('spec', 'template'), value: workload.spec.template },
    ...(metadata === undefined
      ? [
          {
            op: 'add',
            path: pointer('spec', 'template', 'metadata'),
            value: { annotations: { [RESTARTED_AT]: stamp } },
          } as const,
        ]
      : setInMap(annotations, TEMPLATE_ANNOTATIONS, RESTARTED_AT, stamp)),
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
