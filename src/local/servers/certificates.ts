import 'reflect-metadata'; // the X.509 library's dependency injection wants it loaded first
import { createPrivateKey, webcrypto, X509Certificate as Certificate } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import {
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
  type X509Certificate,
} from '@peculiar/x509';

const KEY = { name: 'ECDSA', namedCurve: 'P-256' } as const;
const SIGNING = { name: 'ECDSA', hash: 'SHA-256' } as const;
const DAY_MS = 24 * 60 * 60 * 1000;
const VALID_DAYS = 3650;
/** A certificate that ends sooner than this is made anew. */
const RENEW_DAYS = 30;

/** PEM files: a certificate and its private key. */
export interface CertificateFiles {
  readonly certFile: string;
  readonly keyFile: string;
}

export interface Authority {
  readonly subject: string;
  readonly certificate: Certificate;
  readonly key: webcrypto.CryptoKey;
}

export interface Leaf {
  readonly subject: string;
  /** DNS names and IPv4 addresses of a server; without them the certificate is a client's. */
  readonly hosts?: readonly string[];
}

/** The kept authority of these files, or a new one. */
export async function ensureAuthority(files: CertificateFiles, subject: string): Promise<Authority> {
  const kept = usable(files);
  if (kept !== undefined) {
    const der = createPrivateKey(readFileSync(files.keyFile)).export({ type: 'pkcs8', format: 'der' });
    const key = await webcrypto.subtle.importKey('pkcs8', new Uint8Array(der), KEY, false, ['sign']);
    return { subject, certificate: kept, key };
  }
  const keys = await webcrypto.subtle.generateKey(KEY, true, ['sign', 'verify']);
  const certificate = await X509CertificateGenerator.createSelfSigned(
    {
      name: subject,
      keys,
      signingAlgorithm: SIGNING,
      ...validity(),
      extensions: [
        new BasicConstraintsExtension(true, undefined, true),
        new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      ],
    },
    webcrypto,
  );
  await store(files, certificate, keys.privateKey);
  return { subject, certificate: new Certificate(certificate.toString('pem')), key: keys.privateKey };
}

/** Keeps the certificate of these files if `authority` signed it; else makes a new one. */
export async function ensureLeaf(authority: Authority, files: CertificateFiles, leaf: Leaf): Promise<void> {
  if (usable(files)?.verify(authority.certificate.publicKey) === true) return;
  const keys = await webcrypto.subtle.generateKey(KEY, true, ['sign', 'verify']);
  const names = (leaf.hosts ?? []).map((value) => ({ type: /^[\d.]+$/.test(value) ? 'ip' : 'dns', value }) as const);
  const usage = names.length > 0 ? ExtendedKeyUsage.serverAuth : ExtendedKeyUsage.clientAuth;
  const certificate = await X509CertificateGenerator.create(
    {
      subject: leaf.subject,
      issuer: authority.subject,
      publicKey: keys.publicKey,
      signingKey: authority.key,
      signingAlgorithm: SIGNING,
      ...validity(),
      extensions: [
        new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
        new ExtendedKeyUsageExtension([usage]),
        ...(names.length === 0 ? [] : [new SubjectAlternativeNameExtension(names)]),
      ],
    },
    webcrypto,
  );
  await store(files, certificate, keys.privateKey);
}

/** The stored certificate, if it is whole, not about to end, and its key is there. */
function usable(files: CertificateFiles): Certificate | undefined {
  try {
    const certificate = new Certificate(readFileSync(files.certFile));
    const lasts = Date.parse(certificate.validTo) - Date.now() > RENEW_DAYS * DAY_MS;
    return lasts && certificate.checkPrivateKey(createPrivateKey(readFileSync(files.keyFile)))
      ? certificate
      : undefined;
  } catch {
    return undefined; // missing, or half-written by a run that was killed
  }
}

const validity = (): { notBefore: Date; notAfter: Date } => ({
  notBefore: new Date(Date.now() - DAY_MS), // clocks differ a little
  notAfter: new Date(Date.now() + VALID_DAYS * DAY_MS),
});

async function store(files: CertificateFiles, certificate: X509Certificate, key: webcrypto.CryptoKey): Promise<void> {
  const der = await webcrypto.subtle.exportKey('pkcs8', key);
  writeFileSync(files.keyFile, `${PemConverter.encode(der, 'PRIVATE KEY')}\n`, { mode: 0o600 });
  writeFileSync(files.certFile, `${certificate.toString('pem')}\n`);
}
