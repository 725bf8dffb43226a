import { findCondition } from '../../domain/condition.ts';
import type { App } from './apps.ts';
import { hasHealed } from './incident.ts';
import { seconds } from './milestones.ts';
import type { Scenario } from './scenario.ts';
import { stepsOf } from './steps.ts';

/** What became of one of the demo's faults. Times are measured; `null` where it did not come to that. */
export interface IncidentResult {
  readonly name: string;
  readonly app: string;
  /** The HealingAction ended as healed, and the demo itself saw the Deployment complete and available after that. */
  readonly healed: boolean;
  /** The HealingAction says so, by evidence newer than its effect. */
  readonly verified: boolean;
  /** From the write that broke the app to the healer's write, by the API server's audit log. */
  readonly faultToEffectMs: number | null;
  /** From the write that broke the app until the healing was proven. */
  readonly faultToVerifiedMs: number | null;
  /** From the write that made the policy's trigger true to the healer's write. */
  readonly evidenceToEffectMs: number | null;
  readonly action: string | null;
  readonly healingAction: string | null;
  readonly workflowId: string | null;
  /** Why it is not healed and verified; absent if it is. */
  readonly waitingFor?: string;
}

export function resultOf(scenario: Scenario, app: App | undefined, now: number): IncidentResult {
  const incident = app?.incidents.find((candidate) => candidate.scenario === scenario);
  const action = incident?.actions.at(-1);
  const verified = findCondition(action?.status?.conditions, 'Verified')?.status === 'True';
  const healed = action !== undefined && hasHealed(action) && incident?.wellAt !== undefined;
  return {
    name: scenario.name,
    app: scenario.app,
    healed,
    verified,
    faultToEffectMs: span(incident?.faultAt, incident?.effectAt),
    faultToVerifiedMs: span(incident?.faultAt, incident?.verifiedAt),
    evidenceToEffectMs: span(incident?.evidenceAt, incident?.effectAt),
    action: action?.spec.action.type ?? null,
    healingAction: action?.metadata.name ?? null,
    workflowId: action?.status?.workflow?.id ?? null,
    ...(healed && verified ? {} : { waitingFor: diagnosis(scenario, app, now) }),
  };
}

export const isDone = ({ healed, verified }: IncidentResult): boolean => healed && verified;

/** Rounded, because the clock behind `verified` has milliseconds. */
const span = (from: number | undefined, to: number | undefined): number | null =>
  from === undefined || to === undefined ? null : Math.round(to - from);

function diagnosis(scenario: Scenario, app: App | undefined, now: number): string {
  if (app === undefined || app.wanted === 0) return `Deployment ${scenario.app} was never seen`;
  const incident = app.incidents.find((candidate) => candidate.scenario === scenario);
  if (incident === undefined) {
    if (scenario.patch === undefined) return `no container of ${scenario.app} has been killed for memory yet`;
    return app.well
      ? 'the fault has not been brought about yet'
      : `${scenario.app} never came up: ${app.available} of ${app.wanted} available`;
  }
  const action = incident.actions.at(-1);
  if (action === undefined)
    return incident.evidenceAt === undefined
      ? `${scenario.condition} of a pod: the node has not reported it`
      : `a HealingAction: ${scenario.condition} was reported ${seconds(now - incident.evidenceAt)} ago, and the policy ${scenario.app} has not acted`;
  const { status, metadata } = action;
  const succeeded = findCondition(status?.conditions, 'Succeeded');
  if (succeeded?.status === 'True')
    return `${scenario.app} is not well although the healing was verified: ${app.available} of ${app.wanted} available`;
  if (succeeded?.status === 'False')
    return `HealingAction ${metadata.name} ended as ${succeeded.reason}: ${succeeded.message}`;
  const step = stepsOf(incident, now).find(({ state }) => state === 'running' || state === 'failed');
  const note = step?.note === undefined ? '' : ` (${step.note})`;
  return `step "${step?.name ?? 'report'}"${note} of HealingAction ${metadata.name}, workflow ${status?.workflow?.id ?? `ha-${metadata.uid}`}`;
}

const HEAD = [
  'incident',
  'app',
  'action',
  'healed',
  'verified',
  'evidence->effect',
  'fault->effect',
  'fault->verified',
];

/** A line per incident that is not done. */
export const problemsOf = (results: readonly IncidentResult[]): readonly string[] =>
  results.flatMap(({ name, waitingFor }) =>
    waitingFor === undefined ? [] : [`${name} is not done; it waits for: ${waitingFor}`],
  );

/** The results as a table for people. */
export function tableOf(results: readonly IncidentResult[]): string {
  const rows = results.map((result) => [
    result.name,
    result.app,
    result.action ?? '-',
    result.healed ? 'yes' : 'NO',
    result.verified ? 'yes' : 'NO',
    ...[result.evidenceToEffectMs, result.faultToEffectMs, result.faultToVerifiedMs].map((ms) =>
      ms === null ? '-' : seconds(ms),
    ),
  ]);
  const widths = HEAD.map((head, column) => Math.max(head.length, ...rows.map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, column) => (column < 3 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join('  ')
      .trimEnd();
  return [line(HEAD), ...rows.map(line)].join('\n');
}
