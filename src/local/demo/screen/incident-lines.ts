import type { Incident } from '../incident.ts';
import { confidenceOf, seconds } from '../milestones.ts';
import { scenarios } from '../scenario.ts';
import { stepsOf, type Step } from '../steps.ts';
import { spinner, type Glyphs } from './glyphs.ts';
import { lineWidth, plain, printable, styled, type Line, type Span, type Style } from './line.ts';

const STYLES: Readonly<Record<Step['state'], Style>> = { done: 'good', running: 'busy', ahead: 'dim', failed: 'bad' };
const INDENT = '    ';

/** What there is to see of one healing. `short` leaves out why, `steps` leaves out all but the steps. */
export function incidentLines(
  incident: Incident,
  detail: 'full' | 'short' | 'steps',
  frame: { readonly columns: number; readonly now: number; readonly glyphs: Glyphs },
): Line[] {
  const steps = stepLine(stepsOf(incident, frame.now), frame);
  const times = timesOf(incident, frame.glyphs.arrow);
  if (detail === 'steps') return [times === '' ? steps : [...steps, styled('dim', `   ${times}`)]];
  return [steps, ...(detail === 'full' ? reasons(incident) : []), ...(times === '' ? [] : [field('times', times)])];
}

/** All steps by name, or, where that is too wide, their marks and the name of the one that matters now. */
function stepLine(
  steps: readonly Step[],
  { columns, now, glyphs }: { readonly columns: number; readonly now: number; readonly glyphs: Glyphs },
): Line {
  const mark = ({ state }: Step): string => (state === 'running' ? spinner(glyphs, now) : glyphs[state]);
  const named = (step: Step): Span => {
    const note = step.note === undefined ? '' : ` (${printable(step.note)})`;
    return styled(STYLES[step.state], `${mark(step)} ${step.name}${note}`);
  };
  const long: Line = [
    plain(INDENT),
    ...steps.flatMap((step, index) => [...(index === 0 ? [] : [plain('  ')]), named(step)]),
  ];
  if (lineWidth(long) <= columns) return long;
  const present =
    steps.find(({ state }) => state === 'running' || state === 'failed') ??
    steps.findLast(({ state }) => state === 'done');
  return [
    plain(INDENT),
    ...steps.filter((step) => step !== present).map((step) => styled(STYLES[step.state], mark(step))),
    ...(present === undefined ? [] : [plain(' '), named(present)]),
  ];
}

function reasons({ app, actions }: Incident): Line[] {
  const action = actions.at(-1);
  if (action === undefined) return [];
  const { plan, analysis, conditions } = action.status ?? {};
  const afterwards = scenarios.find((scenario) => scenario.app === app)?.afterwards;
  const end = conditions?.find(({ type, status }) => type === 'Succeeded' && status !== 'Unknown');
  return [
    field('seen', action.spec.trigger?.evidence ?? 'requested by hand'),
    ...(plan === undefined ? [] : [field('plan', plan.summary)]),
    ...(analysis === undefined
      ? []
      : [field('decision', `${analysis.analyzer} chose ${analysis.choice}${confidenceOf(analysis.confidence)}`)]),
    ...(end === undefined ? [] : [field(end.status === 'True' ? 'proof' : end.reason, end.message)]),
    ...(end?.status === 'True' && afterwards !== undefined ? [field('but', afterwards)] : []),
  ];
}

const field = (name: string, value: string): Line => [
  styled('dim', `${INDENT}${name.padEnd(9)} `),
  plain(printable(value)),
];

function timesOf({ faultAt, evidenceAt, effectAt, verifiedAt }: Incident, arrow: string): string {
  const parts: string[] = [];
  if (effectAt !== undefined && evidenceAt !== undefined)
    parts.push(`evidence${arrow}effect ${seconds(effectAt - evidenceAt)}`);
  if (effectAt !== undefined && faultAt !== undefined && faultAt !== evidenceAt)
    parts.push(`fault${arrow}effect ${seconds(effectAt - faultAt)}`);
  if (verifiedAt !== undefined && faultAt !== undefined)
    parts.push(`fault${arrow}verified ${seconds(verifiedAt - faultAt)}`);
  return parts.join('   ');
}
