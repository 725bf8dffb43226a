import { findCondition } from '../../domain/condition.ts';
import type { Incident } from './incident.ts';

/** What has happened in an incident so far, one line each and in order; lines are only ever added. */
export function milestonesOf(incident: Incident): readonly string[] {
  const lines: string[] = [];
  const { scenario, faultAt, evidenceAt, actions, effectAt, verifiedAt } = incident;
  if (scenario?.patch !== undefined && faultAt !== undefined)
    lines.push(`fault: ${scenario.fault} ($ ${scenario.command ?? ''})`);
  for (const [index, action] of actions.entries()) {
    const { spec, status } = action;
    const latest = index === actions.length - 1;
    lines.push(`detected: ${spec.trigger?.evidence ?? 'requested by hand'}`);
    lines.push(`HealingAction ${action.metadata.name}: ${spec.action.type}`);
    const conditions = status?.conditions;
    if (findCondition(conditions, 'Accepted')?.status === 'True')
      lines.push(`accepted: ${status?.plan?.summary ?? ''}`);
    const { analysis } = status ?? {};
    if (analysis !== undefined)
      lines.push(`analyzed: ${analysis.analyzer} chose ${analysis.choice}${confidenceOf(analysis.confidence)}`);
    const approved = findCondition(conditions, 'Approved');
    if (approved !== undefined) lines.push(`approval: ${approved.reason}`);
    if (findCondition(conditions, 'Reserved')?.status === 'True') lines.push('reserved: slot and target lock');
    if (findCondition(conditions, 'Executed')?.status === 'True')
      lines.push(`executed${latest ? spans([evidenceAt, effectAt, 'evidence'], [faultAt, effectAt, 'fault']) : ''}`);
    const succeeded = findCondition(conditions, 'Succeeded');
    if (succeeded?.status === 'True')
      lines.push(`verified: ${succeeded.message}${latest ? spans([faultAt, verifiedAt, 'fault']) : ''}`);
    if (succeeded?.status === 'False') lines.push(`not healed: ${succeeded.reason}: ${succeeded.message}`);
  }
  return lines;
}

export const confidenceOf = (confidence: number | undefined): string =>
  confidence === undefined ? '' : `, confidence ${confidence.toFixed(2)}`;

type Span = readonly [from: number | undefined, to: number | undefined, since: string];

/** ` (0.12 s after the evidence, 3.4 s after the fault)`; a span that is the same as the one before says nothing new. */
function spans(...all: readonly Span[]): string {
  const parts = all.flatMap(([from, to, since], index) =>
    from === undefined || to === undefined || from === all[index - 1]?.[0]
      ? []
      : [`${seconds(to - from)} after the ${since}`],
  );
  return parts.length === 0 ? '' : ` (${parts.join(', ')})`;
}

/** `0.12 s`, `3.4 s`, `64 s`. */
export function seconds(ms: number): string {
  const s = ms / 1000;
  return `${s < 1 ? s.toFixed(2) : s < 20 ? s.toFixed(1) : s.toFixed(0)} s`;
}
