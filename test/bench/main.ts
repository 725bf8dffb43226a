/**
 * Measures what KubeSkippy promises: how fast it acts, and what that costs over a bare Temporal workflow. Real servers,
 * real processes; pods run nothing. `--json` prints one object on stdout and nothing else there.
 */
import { parseArgs } from 'node:util';
import { startStack } from '../../src/local/stack.ts';
import { approvedToEffect } from './approved-to-effect.ts';
import { eventToEffect } from './event-to-effect.ts';
import { overBareWorkflow } from './over-bare-workflow.ts';

const { values } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    incidents: { type: 'string', default: '220' },
    pairs: { type: 'string', default: '40' },
    approvals: { type: 'string', default: '50' },
  },
});
const say = (line: string): void => {
  process.stderr.write(`${line}\n`);
};

const stack = await startStack({
  kubelet: false,
  onProgress: say,
  onEvent: ({ message }) => {
    say(message);
  },
});
try {
  await stack.admin.request('POST', '/api/v1/namespaces', {
    body: { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'bench' } },
  });
  say('cost over a bare workflow');
  const cost = await overBareWorkflow(stack, Number(values.pairs), say);
  say('event → effect');
  const latency = await eventToEffect(stack, Number(values.incidents), say);
  say('approved → effect');
  const approved = await approvedToEffect(stack, Number(values.approvals), say);
  const { fromAction, ...eventToEffectMs } = latency;
  const result = {
    eventToEffectMs,
    actionToEffectMs: fromAction,
    approvedToEffectMs: approved,
    overBareWorkflow: cost,
  };
  if (values.json) process.stdout.write(`${JSON.stringify(result)}\n`);
  else
    process.stdout.write(
      [
        `event → effect            p50 ${latency.p50} ms, p99 ${latency.p99} ms, n ${latency.n}` +
          ` (${latency.missing} missing, ${latency.superfluous} superfluous)`,
        `action created → effect   p50 ${fromAction.p50} ms, p99 ${fromAction.p99} ms`,
        `approved → effect         p50 ${approved.p50} ms, p99 ${approved.p99} ms, n ${approved.n}`,
        `over a bare workflow      events × ${cost.eventsRatio} (${cost.events.ours} : ${cost.events.bare}),` +
          ` latency × ${cost.latencyRatio} (${cost.latencyMs.ours} : ${cost.latencyMs.bare} ms), ${cost.pairs} pairs`,
        '',
      ].join('\n'),
    );
  if (latency.missing > 0 || latency.superfluous > 0 || approved.n < Number(values.approvals)) process.exitCode = 1;
} finally {
  await stack.stop();
}
process.exit();
