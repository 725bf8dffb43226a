import { digestOf } from '../src/actions/digest.ts';
import type { Plan } from '../src/api/healing-action.ts';
import type { HealingPolicy, VerificationQuery } from '../src/api/healing-policy.ts';
import { formatDuration } from '../src/domain/duration.ts';
import { describeReach, reachOf } from '../src/domain/promql-reach.ts';
import type { Check, VerificationRules } from '../src/domain/verdict.ts';
import { judge, nameOfQuery } from '../src/domain/verification-query.ts';
import type { Metrics } from '../src/ports/metrics.ts';

const queriesOf = (policy: HealingPolicy | undefined): readonly VerificationQuery[] =>
  policy?.spec.verification?.queries ?? [];

/** Of the measurements that a plan is verified by; undefined without any. */
export function queriesDigest(policy: HealingPolicy | undefined): string | undefined {
  const queries = queriesOf(policy);
  if (queries.length === 0) return undefined;
  return digestOf(queries).slice(0, 16);
}

/** After how long every measurement of the policy shows only what came after the effect; else what is wrong with one. */
export async function settleTime(
  metrics: Metrics,
  policy: HealingPolicy,
  { windowMs, timeoutMs }: VerificationRules,
): Promise<Pick<VerificationRules, 'settleMs'> | { readonly problem: string }> {
  const queries = queriesOf(policy);
  if (queries.length === 0) return {};
  if (!metrics.configured)
    return { problem: 'the policy has verification.queries, but no Prometheus is configured (prometheus.url)' };
  let settleMs = 0;
  for (const query of queries) {
    const reach = reachOf(query.query, metrics.lookbackMs);
    const named = `verification query ${JSON.stringify(nameOfQuery(query))}`;
    if ('problem' in reach) return { problem: `${named}: ${reach.problem}` };
    if (reach.ms + windowMs >= timeoutMs)
      return {
        problem: `${named} looks back ${describeReach(reach.ms)}, and must then hold for ${formatDuration(windowMs)}, which cannot be done within ${formatDuration(timeoutMs)}; raise verification.timeout or the action's timeout`,
      };
    settleMs = Math.max(settleMs, reach.ms);
  }
  const readings = await Promise.all(queries.map(({ query }) => metrics.read(query)));
  for (const [index, reading] of readings.entries()) {
    const query = queries[index];
    if (reading.state === 'invalid' && query !== undefined)
      return { problem: `verification query ${JSON.stringify(nameOfQuery(query))}: ${reading.message}` };
  }
  return { settleMs };
}

/** What the measurements say before the effect, in one line for people; undefined without any. */
export async function measuredBefore(metrics: Metrics, policy: HealingPolicy): Promise<string | undefined> {
  const queries = queriesOf(policy);
  if (queries.length === 0) return undefined;
  const readings = await Promise.all(queries.map(({ query }) => metrics.read(query)));
  return queries
    .map((query, index) => {
      const reading = readings[index];
      return `${nameOfQuery(query)}: ${reading?.state === 'value' ? reading.value : 'unknown'}`;
    })
    .join('; ')
    .slice(0, 256);
}

/** Each measurement as it is `elapsedMs` after the effect. Before it has left the time before that behind, it proves nothing. */
export async function measuredNow(
  metrics: Metrics,
  policy: HealingPolicy | undefined,
  plan: Plan,
  elapsedMs: number,
): Promise<readonly Check[]> {
  const planned = plan.verification?.queries;
  if (planned === undefined) return [];
  if (queriesDigest(policy) !== planned)
    return [
      {
        check: 'verification.queries',
        value: 'they were changed since the plan was made: nothing tells what it was to be verified by',
        verdict: 'unknown',
      },
    ];
  return Promise.all(queriesOf(policy).map((query) => readOne(metrics, query, elapsedMs)));
}

async function readOne(metrics: Metrics, query: VerificationQuery, elapsedMs: number): Promise<Check> {
  const check = nameOfQuery(query);
  const reach = reachOf(query.query, metrics.lookbackMs);
  if ('problem' in reach) return { check, value: reach.problem, verdict: 'unknown' };
  if (elapsedMs < reach.ms)
    return { check, value: `looks back ${describeReach(reach.ms)}, before the effect`, verdict: 'settling' };
  const reading = await metrics.read(query.query);
  switch (reading.state) {
    case 'value':
      return judge(query, reading.value);
    case 'unknown':
      return { check, value: reading.why, verdict: 'unknown' };
    case 'invalid':
      return { check, value: reading.message, verdict: 'unknown' };
  }
}
