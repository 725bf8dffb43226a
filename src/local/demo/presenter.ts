import type { App } from './apps.ts';

/** Where a person finds the parts of a running demo. */
export interface Places {
  readonly temporalUi: string;
  readonly prometheus: string;
  /** Path of the API server's audit log. */
  readonly auditLog: string;
  /** Path of the administrator's kubeconfig. */
  readonly kubeconfig: string;
  /** Path of a kubectl that fits the API server. */
  readonly kubectl: string;
  /** Whether that is the one that a person gets by typing `kubectl`. */
  readonly kubectlOnPath: boolean;
}

/** A process of the demo that a person may kill to see what happens. */
export interface Victim {
  readonly name: string;
  readonly pid: number;
}

/** How the demo shows itself. */
export interface Presenter {
  /** A step of the start or the end. */
  progress(line: string): void;
  /** Everything runs. */
  started(places: Places): void;
  /** What the apps are like now. */
  show(apps: readonly App[], victims: readonly Victim[]): void;
  /** Something that happened beside the incidents: a Kubernetes Event, a server that died. */
  happened(line: string): void;
  /** Nothing more will be shown but progress. */
  close(): void;
}
