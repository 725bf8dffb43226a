import { dirname } from 'node:path';
import { localDown } from '../local/local-down.ts';
import type { LocalState } from '../local/local-state.ts';
import { localStatus, type LocalStatus } from '../local/local-status.ts';
import { localUp } from '../local/local-up.ts';
import type { Ports } from '../local/servers/ports.ts';
import { print, printData, tell } from './output/print.ts';
import { tableLines } from './output/table.ts';

export async function up(healer: boolean, ports: Partial<Ports>): Promise<void> {
  const state = await localUp({ healer, ports, say: tell });
  print(whereabouts(state));
}

export async function down(deleteData: boolean): Promise<void> {
  const ran = await localDown({ deleteData, say: tell });
  print(ran ? 'the local environment has ended' : 'the local environment did not run');
}

/** Exit code 1 unless everything is ready. */
export function status(output: 'table' | 'json'): void {
  const found = localStatus();
  if (output === 'json') printData(found, output);
  else print(tableOf(found));
  process.exitCode = found.running && found.processes.every(({ ready }) => ready) ? 0 : 1;
}

const whereabouts = ({ kubeconfig, kubectl, temporal, prometheusUrl, daemon }: LocalState): string =>
  [
    `the local environment runs (pid ${daemon.pid})`,
    `  export KUBECONFIG=${kubeconfig}`,
    `  kubectl        ${kubectl}`,
    `  Temporal       ${temporal.address}, UI ${temporal.uiUrl}`,
    `  Prometheus     ${prometheusUrl}`,
    `  other users    ${dirname(kubeconfig)}`,
  ].join('\n');

function tableOf(found: LocalStatus): string {
  if (!found.running)
    return found.stale
      ? 'the local environment does not run: it ended without `kubeskippy local down` (`kubeskippy local up` goes on with its data)'
      : 'the local environment does not run (start it: kubeskippy local up)';
  const rows = [
    ['PROCESS', 'STATE', 'PID', 'PORT', 'RESTARTS', 'LOG'],
    ...found.processes.map(({ name, state, ready, pid, port, restarts, logFile }) => [
      name,
      ready || state !== 'ready' ? state : 'not answering',
      String(pid ?? '-'),
      String(port ?? '-'),
      String(restarts),
      logFile,
    ]),
  ];
  return [whereabouts(found.state), '', ...tableLines(rows)].join('\n');
}
