import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer, request } from 'node:https';
import type { AddressInfo } from 'node:net';
import { expect, test } from '@jest/globals';
import { ensurePki, type Pki } from '../../../../src/local/servers/pki.ts';
import { temporaryDirectory } from '../../../support/local/temporary-directory.ts';

const certificate = (file: string): X509Certificate => new X509Certificate(readFileSync(file));
const leaves = (pki: Pki) => [
  pki.apiserver,
  pki.apiserverKubeletClient,
  pki.kubeletServing,
  pki.componentServing,
  pki.prometheusClient,
];

test('one authority signs what serves and what asks, for the right names; keys are for their owner only', async () => {
  const pki = await ensurePki(temporaryDirectory(), 'node-1');
  const ca = certificate(pki.ca.certFile);
  expect(ca.ca).toBe(true);
  for (const leaf of leaves(pki)) {
    expect(certificate(leaf.certFile).verify(ca.publicKey)).toBe(true);
    expect(certificate(leaf.certFile).checkPrivateKey(createPrivateKey(readFileSync(leaf.keyFile)))).toBe(true);
    expect(statSync(leaf.keyFile).mode & 0o077).toBe(0);
  }
  const apiserver = certificate(pki.apiserver.certFile);
  for (const ip of ['127.0.0.1', '10.0.0.1']) expect(apiserver.checkIP(ip)).toBe(ip);
  for (const host of ['localhost', 'kubernetes.default.svc']) expect(apiserver.checkHost(host)).toBe(host);
  expect(certificate(pki.kubeletServing.certFile).subject).toContain('CN=system:node:node-1');
});

test('the front proxy has an authority of its own', async () => {
  const pki = await ensurePki(temporaryDirectory(), 'node-1');
  const client = certificate(pki.frontProxyClient.certFile);
  expect(client.verify(certificate(pki.ca.certFile).publicKey)).toBe(false);
  expect(client.verify(certificate(pki.frontProxyCa.certFile).publicKey)).toBe(true);
});

test('a second run keeps everything', async () => {
  const directory = temporaryDirectory();
  const pki = await ensurePki(directory, 'node-1');
  const files = [...leaves(pki), pki.ca].flatMap(({ certFile, keyFile }) => [certFile, keyFile]);
  const before = [...files, pki.serviceAccountKeyFile].map((file) => readFileSync(file, 'utf8'));
  await ensurePki(directory, 'node-1');
  expect([...files, pki.serviceAccountKeyFile].map((file) => readFileSync(file, 'utf8'))).toEqual(before);
});

test.each([
  [
    'a half-written certificate',
    (pki: Pki) => {
      writeFileSync(pki.apiserver.certFile, '-----BEGIN CERT');
    },
  ],
  [
    'a key that is not the certificate’s',
    (pki: Pki) => {
      writeFileSync(pki.apiserver.keyFile, readFileSync(pki.ca.keyFile));
    },
  ],
  [
    'a lost authority',
    (pki: Pki) => {
      writeFileSync(pki.ca.certFile, '');
    },
  ],
])('%s is made anew and everything fits again', async (_what, damage) => {
  const directory = temporaryDirectory();
  damage(await ensurePki(directory, 'node-1'));
  const pki = await ensurePki(directory, 'node-1');
  const ca = certificate(pki.ca.certFile);
  for (const leaf of leaves(pki)) {
    expect(certificate(leaf.certFile).verify(ca.publicKey)).toBe(true);
    expect(certificate(leaf.certFile).checkPrivateKey(createPrivateKey(readFileSync(leaf.keyFile)))).toBe(true);
  }
});

test('TLS with client certificates works both ways', async () => {
  const pki = await ensurePki(temporaryDirectory(), 'node-1');
  const ca = readFileSync(pki.ca.certFile);
  const pair = ({ certFile, keyFile }: Pki['ca']) => ({ cert: readFileSync(certFile), key: readFileSync(keyFile) });
  const server = createServer(
    { ...pair(pki.kubeletServing), ca, requestCert: true, rejectUnauthorized: true },
    (_request, response) => response.end('hello'),
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const ask = (options: object): Promise<number | string> =>
    new Promise((resolve) => {
      request({ host: '127.0.0.1', port, ca, agent: false, ...options }, (response) => {
        response.resume();
        resolve(response.statusCode ?? 0);
      })
        .on('error', (error) => {
          resolve(error.message);
        })
        .end();
    });
  expect(await ask(pair(pki.apiserverKubeletClient))).toBe(200);
  expect(await ask({})).not.toBe(200);
  expect(await ask(pair(pki.frontProxyClient))).not.toBe(200);
  server.close();
});
