/** What the local environment runs. */
export type ProgramName =
  'etcd' | 'kube-apiserver' | 'kube-controller-manager' | 'kube-scheduler' | 'kubectl' | 'temporal' | 'prometheus';

/** What one Go build makes. */
export type BundleName = 'controlplane' | 'temporal' | 'prometheus';

export interface Program {
  /** Environment variable that names a binary to use without further questions. */
  readonly variable: string;
  readonly bundle: BundleName;
  /** The version that is downloaded. */
  readonly version: string;
  readonly versionArgs: readonly string[];
  /** For people: which versions on PATH will do. */
  readonly wanted: string;
  /** Whether this major, minor and patch will do. */
  readonly accepts: (major: number, minor: number, patch: number) => boolean;
}

const KUBERNETES = '1.36.2';
const kube = (variable: string): Program => ({
  variable,
  bundle: 'controlplane',
  version: KUBERNETES,
  versionArgs: ['--version'],
  wanted: '1.36',
  accepts: (major, minor) => major === 1 && minor === 36,
});

export const PROGRAMS: Readonly<Record<ProgramName, Program>> = {
  etcd: {
    variable: 'KUBESKIPPY_ETCD',
    bundle: 'controlplane',
    version: '3.6.8',
    versionArgs: ['--version'],
    wanted: '3.5.13 or later', // older ones lack the progress requests that streaming lists need
    accepts: (major, minor, patch) => major === 3 && (minor > 5 || (minor === 5 && patch >= 13)),
  },
  'kube-apiserver': kube('KUBESKIPPY_KUBE_APISERVER'),
  'kube-controller-manager': kube('KUBESKIPPY_KUBE_CONTROLLER_MANAGER'),
  'kube-scheduler': kube('KUBESKIPPY_KUBE_SCHEDULER'),
  kubectl: {
    variable: 'KUBESKIPPY_KUBECTL',
    bundle: 'controlplane',
    version: KUBERNETES,
    versionArgs: ['version', '--client'],
    wanted: '1.35 to 1.37',
    accepts: (major, minor) => major === 1 && minor >= 35 && minor <= 37,
  },
  temporal: {
    variable: 'KUBESKIPPY_TEMPORAL',
    bundle: 'temporal',
    version: '1.8.2',
    versionArgs: ['--version'],
    wanted: '1.8 or later',
    accepts: (major, minor) => major === 1 && minor >= 8,
  },
  prometheus: {
    variable: 'KUBESKIPPY_PROMETHEUS',
    bundle: 'prometheus',
    version: '3.16.0',
    versionArgs: ['--version'],
    wanted: '3',
    accepts: (major) => major === 3,
  },
};
export const programNames = Object.keys(PROGRAMS) as ProgramName[];

export interface Bundle {
  /** Part of the cache directory's name. */
  readonly version: string;
  /** Directory of the Go module under deploy/local/servers. */
  readonly module: string;
  /** The package to build. */
  readonly package: string;
  /** Name of the built file. */
  readonly binary: string;
  /** Other names that the binary is called by, if it holds several programs. */
  readonly links: readonly ProgramName[];
  readonly buildArgs: readonly string[];
  /** Measured on two cores with nothing cached, for people who wait. */
  readonly minutes: number;
}

const STRIPPED = '-s -w';
const kubeVersion = (key: string, value: string): string => `-X k8s.io/component-base/version.${key}=${value}`;

export const BUNDLES: Readonly<Record<BundleName, Bundle>> = {
  controlplane: {
    version: KUBERNETES,
    module: 'controlplane',
    package: '.',
    binary: 'controlplane',
    links: ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'kubectl'],
    buildArgs: [
      '-trimpath',
      '-ldflags',
      // Without these the servers call themselves v0.0.0 and kubectl refuses to compare.
      [
        STRIPPED,
        kubeVersion('gitVersion', `v${KUBERNETES}`),
        kubeVersion('gitMajor', '1'),
        kubeVersion('gitMinor', '36'),
      ].join(' '),
    ],
    minutes: 6,
  },
  temporal: {
    version: '1.8.2',
    module: 'temporal',
    package: 'github.com/temporalio/cli/cmd/temporal',
    binary: 'temporal',
    links: [],
    buildArgs: ['-trimpath', '-ldflags', `${STRIPPED} -X github.com/temporalio/cli/internal/temporalcli.Version=1.8.2`],
    minutes: 6,
  },
  prometheus: {
    version: '3.16.0',
    module: 'prometheus',
    package: 'github.com/prometheus/prometheus/cmd/prometheus',
    binary: 'prometheus',
    links: [],
    // A dependency of one service discovery cannot be had through module proxies; none of them is needed here.
    buildArgs: ['-mod=mod', '-tags', 'remove_all_sd,netgo', '-trimpath', '-ldflags', STRIPPED],
    minutes: 2,
  },
};
