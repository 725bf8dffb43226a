import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { writeFileAtomically } from './write-file-atomically.ts';
import { httpReady } from '../supervisor/readiness.ts';
import type { ProcessSpec } from '../supervisor/process-spec.ts';
import type { Pki } from './pki.ts';
import type { Ports } from './ports.ts';

/** Something that the local Prometheus scrapes. */
export interface PrometheusTarget {
  /** The `job` label. */
  readonly job: string;
  /** e.g. `https://127.0.0.1:10250/metrics`; HTTPS must present a certificate of the local authority. */
  readonly url: string;
  /** Added to every series; `instance` defaults to host and port. */
  readonly labels?: Readonly<Record<string, string>>;
}

const SCRAPE_INTERVAL = '2s';

export class PrometheusFiles {
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = join(directory, 'prometheus');
    // Targets belong to processes of an earlier run; series stay.
    rmSync(this.#targets, { recursive: true, force: true });
    mkdirSync(this.#targets, { recursive: true });
  }

  get #targets(): string {
    return join(this.#directory, 'targets');
  }
  get configFile(): string {
    return join(this.#directory, 'prometheus.yml');
  }
  get dataDirectory(): string {
    return join(this.#directory, 'data');
  }

  writeConfig(pki: Pki, ports: Ports): void {
    const config = {
      global: {
        scrape_interval: SCRAPE_INTERVAL,
        scrape_timeout: SCRAPE_INTERVAL,
        evaluation_interval: SCRAPE_INTERVAL,
      },
      scrape_configs: [
        { job_name: 'prometheus', static_configs: [{ targets: [`127.0.0.1:${ports.prometheus}`] }] },
        {
          job_name: 'local',
          honor_timestamps: true,
          tls_config: {
            ca_file: pki.ca.certFile,
            cert_file: pki.prometheusClient.certFile,
            key_file: pki.prometheusClient.keyFile,
          },
          file_sd_configs: [{ files: [join(this.#targets, '*.json')], refresh_interval: '5s' }],
        },
      ],
    };
    writeFileSync(this.configFile, stringify(config));
  }

  /** Replaces the targets under `name`; Prometheus notices by itself within a moment. */
  setTargets(name: string, targets: readonly PrometheusTarget[]): void {
    const groups = targets.map(({ job, url, labels }) => {
      const { protocol, host, pathname } = new URL(url);
      return {
        targets: [host],
        labels: { job, __scheme__: protocol.replace(':', ''), __metrics_path__: pathname, ...labels },
      };
    });
    writeFileAtomically(join(this.#targets, `${name}.json`), JSON.stringify(groups, null, 2));
  }
}

export function prometheus(program: string, files: PrometheusFiles, ports: Ports): ProcessSpec {
  return {
    name: 'prometheus',
    command: program,
    args: [
      `--config.file=${files.configFile}`,
      `--storage.tsdb.path=${files.dataDirectory}`,
      '--storage.tsdb.retention.time=7d',
      `--web.listen-address=127.0.0.1:${ports.prometheus}`,
      '--log.level=warn',
    ],
    ready: httpReady(`http://127.0.0.1:${ports.prometheus}/-/ready`),
  };
}
