import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { httpReady } from '../supervisor/readiness.ts';
import type { ProcessSpec } from '../supervisor/process-spec.ts';
import { FRONT_PROXY_CLIENT, type Pki } from './pki.ts';
import type { Ports } from './ports.ts';

/** The Service range of the local cluster; its first address is the API server's. */
const SERVICE_RANGE = '10.0.0.0/24';

export interface KubernetesSettings {
  /** Path of each program. */
  readonly programs: Readonly<Record<'etcd' | 'kube-apiserver' | 'kube-controller-manager' | 'kube-scheduler', string>>;
  readonly directory: string;
  readonly pki: Pki;
  readonly ports: Ports;
  readonly tokenFile: string;
  readonly auditPolicyFile: string;
  readonly auditLogFile: string;
  readonly kubeconfig: (identity: 'kube-controller-manager' | 'kube-scheduler') => string;
}

export function etcd({ programs, directory, ports }: KubernetesSettings): ProcessSpec {
  const client = `http://127.0.0.1:${ports.etcd}`;
  const peer = `http://127.0.0.1:${ports.etcdPeer}`;
  return {
    name: 'etcd',
    command: programs.etcd,
    args: [
      '--name=local',
      `--data-dir=${join(directory, 'etcd')}`,
      `--listen-client-urls=${client}`,
      `--advertise-client-urls=${client}`,
      `--listen-peer-urls=${peer}`,
      `--initial-advertise-peer-urls=${peer}`,
      `--initial-cluster=local=${peer}`,
      '--unsafe-no-fsync', // only a power cut could lose anything by it
      '--log-level=warn',
    ],
    ready: httpReady(`${client}/health`),
  };
}

export function kubeApiserver(settings: KubernetesSettings): ProcessSpec {
  const { programs, pki, ports } = settings;
  return {
    name: 'kube-apiserver',
    command: programs['kube-apiserver'],
    args: [
      `--etcd-servers=http://127.0.0.1:${ports.etcd}`,
      '--bind-address=127.0.0.1',
      `--secure-port=${ports.api}`,
      `--service-cluster-ip-range=${SERVICE_RANGE}`,
      '--endpoint-reconciler-type=none', // an Endpoints object may not name a loopback address
      '--allow-privileged=true',
      `--cert-dir=${pki.directory}`,
      `--tls-cert-file=${pki.apiserver.certFile}`,
      `--tls-private-key-file=${pki.apiserver.keyFile}`,
      `--client-ca-file=${pki.ca.certFile}`,
      `--token-auth-file=${settings.tokenFile}`,
      '--authorization-mode=RBAC',
      '--service-account-issuer=https://kubernetes.default.svc',
      `--service-account-key-file=${pki.serviceAccountPublicKeyFile}`,
      `--service-account-signing-key-file=${pki.serviceAccountKeyFile}`,
      `--kubelet-certificate-authority=${pki.ca.certFile}`,
      `--kubelet-client-certificate=${pki.apiserverKubeletClient.certFile}`,
      `--kubelet-client-key=${pki.apiserverKubeletClient.keyFile}`,
      '--kubelet-preferred-address-types=InternalIP',
      `--requestheader-client-ca-file=${pki.frontProxyCa.certFile}`,
      `--requestheader-allowed-names=${FRONT_PROXY_CLIENT}`,
      '--requestheader-username-headers=X-Remote-User',
      '--requestheader-group-headers=X-Remote-Group',
      '--requestheader-extra-headers-prefix=X-Remote-Extra-',
      `--proxy-client-cert-file=${pki.frontProxyClient.certFile}`,
      `--proxy-client-key-file=${pki.frontProxyClient.keyFile}`,
      '--enable-aggregator-routing=false',
      `--audit-policy-file=${settings.auditPolicyFile}`,
      `--audit-log-path=${settings.auditLogFile}`,
      '--audit-log-format=json',
      '--audit-log-maxsize=1024',
      '--audit-log-maxbackup=1',
      '--profiling=false',
    ],
    ready: httpReady(`https://127.0.0.1:${ports.api}/readyz`, { ca: readFileSync(pki.ca.certFile, 'utf8') }),
    stopTimeoutMs: 8000,
  };
}

export function kubeControllerManager(settings: KubernetesSettings): ProcessSpec {
  const { programs, directory, pki, ports } = settings;
  return {
    name: 'kube-controller-manager',
    command: programs['kube-controller-manager'],
    args: [
      ...component(settings, 'kube-controller-manager', ports.controllerManager),
      '--use-service-account-credentials=true',
      `--service-account-private-key-file=${pki.serviceAccountKeyFile}`,
      `--root-ca-file=${pki.ca.certFile}`,
      `--flex-volume-plugin-dir=${join(directory, 'flexvolume')}`, // else it creates one under /usr
      '--kube-api-qps=500',
      '--kube-api-burst=1000',
    ],
    ready: componentReady(settings, ports.controllerManager),
  };
}

export function kubeScheduler(settings: KubernetesSettings): ProcessSpec {
  const { programs, ports } = settings;
  return {
    name: 'kube-scheduler',
    command: programs['kube-scheduler'],
    args: [...component(settings, 'kube-scheduler', ports.scheduler), '--kube-api-qps=500', '--kube-api-burst=1000'],
    ready: componentReady(settings, ports.scheduler),
  };
}

/** What controller manager and scheduler have in common. */
function component(
  { kubeconfig, pki }: KubernetesSettings,
  name: 'kube-controller-manager' | 'kube-scheduler',
  port: number,
): string[] {
  const file = kubeconfig(name);
  return [
    `--kubeconfig=${file}`,
    `--authentication-kubeconfig=${file}`,
    `--authorization-kubeconfig=${file}`,
    '--authentication-skip-lookup=true', // all that it would look up is given here
    `--client-ca-file=${pki.ca.certFile}`,
    `--requestheader-client-ca-file=${pki.frontProxyCa.certFile}`,
    `--requestheader-allowed-names=${FRONT_PROXY_CLIENT}`,
    '--bind-address=127.0.0.1',
    `--secure-port=${port}`,
    `--tls-cert-file=${pki.componentServing.certFile}`,
    `--tls-private-key-file=${pki.componentServing.keyFile}`,
    '--leader-elect=false', // there is one; an election would only delay restarts
    '--profiling=false',
  ];
}

const componentReady = ({ pki }: KubernetesSettings, port: number): ReturnType<typeof httpReady> =>
  httpReady(`https://127.0.0.1:${port}/healthz`, { ca: readFileSync(pki.ca.certFile, 'utf8') });
