import { generateKeyPairSync } from 'node:crypto';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ensureAuthority, ensureLeaf, type CertificateFiles } from './certificates.ts';

/** All certificates and keys of one local cluster, as PEM files. */
export interface Pki {
  readonly directory: string;
  /** Signs servers and users; also what clients trust. */
  readonly ca: CertificateFiles;
  readonly apiserver: CertificateFiles;
  /** What the API server shows to kubelets. */
  readonly apiserverKubeletClient: CertificateFiles;
  readonly kubeletServing: CertificateFiles;
  /** Controller manager and scheduler serve their health and metrics with it. */
  readonly componentServing: CertificateFiles;
  /** What Prometheus shows to the targets that it scrapes. */
  readonly prometheusClient: CertificateFiles;
  /** An authority of its own: whoever it signs may speak for any user to aggregated API servers. */
  readonly frontProxyCa: CertificateFiles;
  readonly frontProxyClient: CertificateFiles;
  readonly serviceAccountKeyFile: string;
  readonly serviceAccountPublicKeyFile: string;
}

/** Name that the API server shows to aggregated API servers. */
export const FRONT_PROXY_CLIENT = 'front-proxy-client';

const LOCAL_HOSTS = ['localhost', '127.0.0.1'];
/** How pods name the API server; the address is the first of the Service range. */
const KUBERNETES_SERVICE = ['kubernetes.default.svc', 'kubernetes.default', 'kubernetes', '10.0.0.1'];

/** Makes what is missing, broken or nearly expired in `directory` and keeps the rest. Needs no openssl. */
export async function ensurePki(directory: string, nodeName: string): Promise<Pki> {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const files = (name: string): CertificateFiles => ({
    certFile: join(directory, `${name}.crt`),
    keyFile: join(directory, `${name}.key`),
  });
  const pki: Pki = {
    directory,
    ca: files('ca'),
    apiserver: files('apiserver'),
    apiserverKubeletClient: files('apiserver-kubelet-client'),
    kubeletServing: files('kubelet'),
    componentServing: files('component'),
    prometheusClient: files('prometheus-client'),
    frontProxyCa: files('front-proxy-ca'),
    frontProxyClient: files(FRONT_PROXY_CLIENT),
    serviceAccountKeyFile: join(directory, 'sa.key'),
    serviceAccountPublicKeyFile: join(directory, 'sa.pub'),
  };
  const ca = await ensureAuthority(pki.ca, 'CN=kubeskippy-local-ca');
  const hosts = [...LOCAL_HOSTS, ...KUBERNETES_SERVICE];
  await ensureLeaf(ca, pki.apiserver, { subject: 'CN=kube-apiserver', hosts });
  const node = { subject: `CN=system:node:${nodeName}, O=system:nodes`, hosts: [...LOCAL_HOSTS, nodeName] };
  await ensureLeaf(ca, pki.kubeletServing, node);
  await ensureLeaf(ca, pki.componentServing, { subject: 'CN=localhost', hosts: LOCAL_HOSTS });
  await ensureLeaf(ca, pki.apiserverKubeletClient, { subject: 'CN=kube-apiserver-kubelet-client' });
  await ensureLeaf(ca, pki.prometheusClient, { subject: 'CN=kubeskippy-local-prometheus' });
  const proxyCa = await ensureAuthority(pki.frontProxyCa, 'CN=kubeskippy-local-front-proxy-ca');
  await ensureLeaf(proxyCa, pki.frontProxyClient, { subject: `CN=${FRONT_PROXY_CLIENT}` });
  ensureServiceAccountKeys(pki);
  return pki;
}

function ensureServiceAccountKeys(pki: Pki): void {
  if (existsSync(pki.serviceAccountKeyFile) && existsSync(pki.serviceAccountPublicKeyFile)) return;
  const { privateKey, publicKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  writeFileSync(pki.serviceAccountKeyFile, privateKey, { mode: 0o600 });
  writeFileSync(pki.serviceAccountPublicKeyFile, publicKey);
}
