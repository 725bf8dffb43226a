import type { KubeObject, ObjectMeta } from './meta.ts';

/*
 * The built-in kinds as far as KubeSkippy reads them. What the API server sends has more fields; code that writes an
 * object back must start from what it read, never from these shapes.
 */

export interface LabelSelector {
  readonly matchLabels?: Readonly<Record<string, string>>;
  readonly matchExpressions?: readonly LabelSelectorRequirement[];
}

export interface LabelSelectorRequirement {
  readonly key: string;
  readonly operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist';
  readonly values?: readonly string[];
}

/** A condition of a Pod or a workload: unlike metav1.Condition, most of it may be missing. */
export interface StatusCondition {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly message?: string;
  /** RFC 3339, resolution one second. */
  readonly lastTransitionTime?: string | null;
  /** Deployments only: rewritten on progress without a change of `status`. */
  readonly lastUpdateTime?: string | null;
}

export interface ResourceRequirements {
  readonly requests?: Readonly<Record<string, string>>;
  readonly limits?: Readonly<Record<string, string>>;
}

export interface Container {
  readonly name: string;
  readonly image?: string;
  readonly command?: readonly string[];
  readonly args?: readonly string[];
  readonly env?: readonly EnvVar[];
  readonly resources?: ResourceRequirements;
  /** Init containers only: `Always` makes it a sidecar. */
  readonly restartPolicy?: string;
}

export interface EnvVar {
  readonly name: string;
  readonly value?: string;
  readonly valueFrom?: unknown;
}

export interface PodSpec {
  readonly containers: readonly Container[];
  readonly initContainers?: readonly Container[];
  readonly restartPolicy?: string;
  readonly nodeName?: string;
  readonly serviceAccountName?: string;
  readonly automountServiceAccountToken?: boolean;
  readonly terminationGracePeriodSeconds?: number;
}

export interface PodTemplateSpec {
  readonly metadata?: Partial<Pick<ObjectMeta, 'name' | 'labels' | 'annotations'>>;
  readonly spec: PodSpec;
}

export interface Pod extends KubeObject {
  readonly spec: PodSpec;
  readonly status?: PodStatus;
}

export interface PodStatus {
  /** Pending, Running, Succeeded, Failed or Unknown. */
  readonly phase?: string;
  /** `Evicted`, `NodeLost`, … */
  readonly reason?: string;
  readonly message?: string;
  readonly podIP?: string;
  readonly startTime?: string | null;
  readonly conditions?: readonly StatusCondition[];
  readonly containerStatuses?: readonly ContainerStatus[];
  readonly initContainerStatuses?: readonly ContainerStatus[];
}

export interface ContainerStatus {
  readonly name: string;
  readonly ready?: boolean;
  readonly started?: boolean | null;
  readonly restartCount: number;
  readonly image?: string;
  readonly imageID?: string;
  readonly containerID?: string;
  readonly state?: ContainerState;
  /** The termination before `state`, if the runtime still remembers it. */
  readonly lastState?: ContainerState;
}

/** At most one member is set. */
export interface ContainerState {
  readonly waiting?: { readonly reason?: string; readonly message?: string };
  readonly running?: { readonly startedAt?: string | null };
  readonly terminated?: ContainerStateTerminated;
}

export interface ContainerStateTerminated {
  readonly exitCode: number;
  readonly signal?: number;
  /** `Completed`, `Error`, `OOMKilled`, `StartError`, `ContainerStatusUnknown`, … */
  readonly reason?: string;
  /** Written by the container itself, or the end of its log: may hold secrets. */
  readonly message?: string;
  /** The epoch for a container that never started; null when the kubelet does not know. */
  readonly startedAt?: string | null;
  readonly finishedAt?: string | null;
}

interface WorkloadSpec {
  readonly selector: LabelSelector;
  readonly template: PodTemplateSpec;
}

interface RollingUpdate {
  /** A number of pods, or a share of them such as `25%`. */
  readonly maxUnavailable?: number | string;
}

export interface Deployment extends KubeObject {
  readonly spec: WorkloadSpec & {
    readonly replicas?: number;
    readonly paused?: boolean;
    readonly minReadySeconds?: number;
    readonly progressDeadlineSeconds?: number;
    readonly revisionHistoryLimit?: number;
    readonly strategy?: { readonly type?: string; readonly rollingUpdate?: RollingUpdate };
  };
  readonly status?: {
    readonly observedGeneration?: number;
    readonly replicas?: number;
    readonly updatedReplicas?: number;
    readonly readyReplicas?: number;
    readonly availableReplicas?: number;
    readonly unavailableReplicas?: number;
    readonly conditions?: readonly StatusCondition[];
  };
}

export interface ReplicaSet extends KubeObject {
  readonly spec: WorkloadSpec & {
    readonly replicas?: number;
    readonly minReadySeconds?: number;
  };
  readonly status?: {
    readonly observedGeneration?: number;
    readonly replicas?: number;
    readonly fullyLabeledReplicas?: number;
    readonly readyReplicas?: number;
    readonly availableReplicas?: number;
    readonly conditions?: readonly StatusCondition[];
  };
}

export interface StatefulSet extends KubeObject {
  readonly spec: WorkloadSpec & {
    readonly serviceName?: string;
    readonly replicas?: number;
    readonly minReadySeconds?: number;
    readonly revisionHistoryLimit?: number;
    /** `OrderedReady` (one after the other, each waits for the one before) or `Parallel`. */
    readonly podManagementPolicy?: string;
    readonly persistentVolumeClaimRetentionPolicy?: { readonly whenScaled?: string };
    readonly updateStrategy?: {
      readonly type?: string;
      readonly rollingUpdate?: RollingUpdate & { readonly partition?: number };
    };
  };
  readonly status?: {
    readonly observedGeneration?: number;
    readonly replicas?: number;
    readonly readyReplicas?: number;
    readonly availableReplicas?: number;
    readonly currentReplicas?: number;
    readonly updatedReplicas?: number;
    readonly currentRevision?: string;
    readonly updateRevision?: string;
    readonly conditions?: readonly StatusCondition[];
  };
}

export interface DaemonSet extends KubeObject {
  readonly spec: WorkloadSpec & {
    readonly minReadySeconds?: number;
    readonly updateStrategy?: { readonly type?: string; readonly rollingUpdate?: RollingUpdate };
  };
  readonly status?: {
    readonly observedGeneration?: number;
    readonly desiredNumberScheduled?: number;
    readonly currentNumberScheduled?: number;
    readonly updatedNumberScheduled?: number;
    readonly numberReady?: number;
    readonly numberAvailable?: number;
    readonly numberUnavailable?: number;
    readonly numberMisscheduled?: number;
    readonly conditions?: readonly StatusCondition[];
  };
}

/** autoscaling/v2. */
export interface HorizontalPodAutoscaler extends KubeObject {
  readonly spec: {
    readonly scaleTargetRef: { readonly apiVersion?: string; readonly kind: string; readonly name: string };
    readonly minReplicas?: number;
    readonly maxReplicas: number;
  };
}

/** A revision of a StatefulSet or DaemonSet; `data` is a patch of the workload. */
export interface ControllerRevision extends KubeObject {
  readonly revision: number;
  readonly data: { readonly spec?: { readonly template?: PodTemplateSpec } };
}

/** The template is not in a spec. */
export interface PodTemplate extends KubeObject {
  readonly template: PodTemplateSpec;
}

export interface Job extends KubeObject {
  readonly spec: {
    readonly suspend?: boolean;
    readonly activeDeadlineSeconds?: number;
    readonly ttlSecondsAfterFinished?: number;
    readonly template: PodTemplateSpec;
  };
  readonly status?: {
    readonly active?: number;
    readonly succeeded?: number;
    readonly failed?: number;
    readonly conditions?: readonly StatusCondition[];
  };
}
