import { join } from 'node:path';
import { httpReady } from '../supervisor/readiness.ts';
import type { ProcessSpec } from '../supervisor/process-spec.ts';
import type { Ports } from './ports.ts';

/** Search attributes that the workflows set, with their Temporal types. */
const SEARCH_ATTRIBUTES = {
  KsPolicy: 'Keyword',
  KsTargetNs: 'Keyword',
  KsTarget: 'Keyword',
  KsAction: 'Keyword',
  KsPhase: 'Keyword',
  KsAwaitingApproval: 'Bool',
} as const;

// One history shard that polls its queues 20 times a second makes every hop wait for the next tick; WAL keeps every
// commit of a killed process and spares a sync per transaction.
const SETTINGS = [
  '--sqlite-pragma=journal_mode=wal',
  '--sqlite-pragma=synchronous=normal',
  '--dynamic-config-value=history.transferProcessorMaxPollRPS=1000',
  '--dynamic-config-value=history.timerProcessorMaxPollRPS=1000',
  '--dynamic-config-value=system.enableActivityEagerExecution=true',
];

/** Temporal's development server with its UI and a database file. */
export function temporal(program: string, directory: string, ports: Ports): ProcessSpec {
  return {
    name: 'temporal',
    command: program,
    args: [
      'server',
      'start-dev',
      '--ip=127.0.0.1',
      `--port=${ports.temporal}`,
      `--ui-port=${ports.temporalUi}`,
      `--http-port=${ports.temporalHttp}`,
      `--metrics-port=${ports.temporalMetrics}`,
      `--db-filename=${join(directory, 'temporal.db')}`,
      ...SETTINGS,
      ...Object.entries(SEARCH_ATTRIBUTES).map(([name, type]) => `--search-attribute=${name}=${type}`),
      '--ui-disable-news-fetch',
      '--disable-config-file',
      '--disable-config-env',
      '--log-level=warn',
      '--color=never',
    ],
    // The attributes are the last that it sets up.
    ready: httpReady(`http://127.0.0.1:${ports.temporalHttp}/api/v1/namespaces/default/search-attributes`, {
      contains: Object.keys(SEARCH_ATTRIBUTES).at(-1) ?? '',
    }),
  };
}
