import { parseArgs } from 'node:util';

export interface KubeletOptions {
  readonly kubeconfig: string;
  readonly nodeName: string;
  readonly rootDir: string;
  readonly port: number;
  readonly tlsCert: string;
  readonly tlsKey: string;
  readonly clientCa: string;
  /** CA of the aggregator's client certificate; without it `metrics.k8s.io` is answered to anybody on loopback. */
  readonly requestheaderClientCa?: string;
  readonly backoffBaseMs: number;
  readonly backoffMaxMs: number;
  readonly maxPods: number;
  readonly logLevel: string;
}

export const USAGE = `usage: node main.ts --kubeconfig FILE --root-dir DIR --tls-cert FILE --tls-key FILE --client-ca FILE
  [--node-name kubeskippy-local] [--port 10250] [--crash-backoff-base 10s]
  [--crash-backoff-max 5m] [--max-pods 110] [--requestheader-client-ca FILE] [--log-level info]
Port 0 takes a free one; the readiness line says which.`;

/** From the command line. Throws an error that names the option and what it should be. */
export function parseOptions(args: readonly string[]): KubeletOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      kubeconfig: { type: 'string' },
      'node-name': { type: 'string', default: 'kubeskippy-local' },
      'root-dir': { type: 'string' },
      port: { type: 'string', default: '10250' },
      'tls-cert': { type: 'string' },
      'tls-key': { type: 'string' },
      'client-ca': { type: 'string' },
      'requestheader-client-ca': { type: 'string' },
      'crash-backoff-base': { type: 'string', default: '10s' },
      'crash-backoff-max': { type: 'string', default: '5m' },
      'max-pods': { type: 'string', default: '110' },
      'log-level': { type: 'string', default: 'info' },
    },
  });
  const aggregatorCa = values['requestheader-client-ca'];
  return {
    kubeconfig: required('kubeconfig', values.kubeconfig),
    nodeName: values['node-name'],
    rootDir: required('root-dir', values['root-dir']),
    port: integer('port', values.port, 65_535),
    tlsCert: required('tls-cert', values['tls-cert']),
    tlsKey: required('tls-key', values['tls-key']),
    clientCa: required('client-ca', values['client-ca']),
    ...(aggregatorCa === undefined ? {} : { requestheaderClientCa: aggregatorCa }),
    backoffBaseMs: duration('crash-backoff-base', values['crash-backoff-base']),
    backoffMaxMs: duration('crash-backoff-max', values['crash-backoff-max']),
    maxPods: integer('max-pods', values['max-pods'], 60_000),
    logLevel: values['log-level'],
  };
}

function required(name: string, value: string | undefined): string {
  if (value === undefined || value === '') throw new Error(`--${name} is missing`);
  return value;
}

function integer(name: string, text: string, max: number): number {
  if (!/^\d+$/.test(text) || Number(text) > max) throw new Error(`--${name} ${text}: give a number from 0 to ${max}`);
  return Number(text);
}

function duration(name: string, text: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m)$/.exec(text);
  const factor = { ms: 1, s: 1000, m: 60_000 }[match?.[2] ?? ''];
  const ms = Number(match?.[1]) * (factor ?? Number.NaN);
  if (Number.isNaN(ms) || ms <= 0) throw new Error(`--${name} ${text}: give a duration such as 500ms, 10s or 5m`);
  return ms;
}
