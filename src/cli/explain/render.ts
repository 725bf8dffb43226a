import type { HealingAction } from '../../api/healing-action.ts';
import { isTerminal } from '../../domain/outcome.ts';
import { phaseOf, toneOf } from '../action-rows.ts';
import type { Paint } from '../output/paint.ts';
import { printable, tableLines } from '../output/table.ts';
import { absolute, ageSince, offset } from '../output/time.ts';
import { nextSteps } from './next-steps.ts';
import { storyOf } from './story.ts';
import { timeOf, type Known, type Moment } from './timeline.ts';

export interface Rendering {
  readonly paint: Paint;
  readonly now: Date;
  readonly program: string;
}

/** The whole explanation as lines of text. */
export function explanation(known: Known, { paint, now, program }: Rendering): string[] {
  const { action } = known;
  const start = timeOf(action.metadata.creationTimestamp);
  const steps = nextSteps(action, program).map(({ command, what }) => [
    command,
    { text: `# ${what}`, tone: 'dim' } as const,
  ]);
  return [
    ...heading(action, paint, now),
    '',
    ...storyOf(known).flatMap((moment) => momentLines(moment, start, paint)),
    '',
    'What can be done now:',
    ...tableLines(steps, paint).map((line) => `  ${line}`),
  ];
}

function heading(action: HealingAction, paint: Paint, now: Date): string[] {
  const { metadata, spec, status } = action;
  const { kind, name, namespace = metadata.namespace ?? '' } = spec.targetResource;
  const state = `${phaseOf(action)}${status?.reason === undefined ? '' : ` (${status.reason})`}`;
  const ended = status?.completionTime === undefined ? '' : `, ended ${ageSince(status.completionTime, now)} ago`;
  const deleted = metadata.deletionTimestamp === undefined ? '' : `, being deleted since ${metadata.deletionTimestamp}`;
  const rows = [
    ['target', `${kind} ${namespace}/${name}`],
    ['policy', `${spec.policyRef.namespace}/${spec.policyRef.name}`],
    ['asked', `${ageSince(metadata.creationTimestamp, now)} ago${ended}${deleted}`],
    ['workflow', status?.workflow?.id ?? (isTerminal(status?.conditions) ? '(not noted)' : '(none yet)')],
  ];
  return [
    `${paint('strong', `HealingAction ${metadata.namespace ?? ''}/${metadata.name}`)}  ${paint(toneOf(action), state)}`,
    ...tableLines(rows).map((line) => `  ${line}`),
  ];
}

const STEP_WIDTH = 12;
const OFFSET_WIDTH = 9;
const UNKNOWN = ' '.repeat(absolute(0).length);

function momentLines({ time, step, tone, title, details }: Moment, start: number, paint: Paint): string[] {
  const known = !Number.isNaN(time);
  const when = known ? absolute(time) : UNKNOWN;
  const since = (known && !Number.isNaN(start) ? offset(time, start) : '').padStart(OFFSET_WIDTH);
  const indent = ' '.repeat(when.length + OFFSET_WIDTH + STEP_WIDTH + 4);
  return [
    `${paint('dim', when)} ${since}  ${paint(tone, step)}${' '.repeat(Math.max(1, STEP_WIDTH - step.length))}${printable(title)}`,
    ...details.map((detail) => `${indent}${paint(detail.tone, printable(detail.text))}`),
  ].map((line) => line.trimEnd());
}
