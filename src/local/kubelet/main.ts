import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { platform } from 'node:process';
import { KubeClient } from '../../adapters/kubernetes/kube-client.ts';
import { KubeObjectWatch } from '../../adapters/kubernetes/object-watch.ts';
import { createLogger } from '../../telemetry/logger.ts';
import { Reaper } from '../supervisor/reaper.ts';
import { Backoff } from './backoff.ts';
import { kubeConfigSource } from './config-source.ts';
import { EventRecorder } from './event-recorder.ts';
import { Kubelet } from './kubelet.ts';
import { MemoryGuard } from './memory-guard.ts';
import { NodeAuthorizer } from './node-authorizer.ts';
import { machineCapacity, NodeRegistration } from './node-registration.ts';
import { createNodeEndpoint, listen } from './node-servers.ts';
import { NodeUsage } from './node-usage.ts';
import { claimRootDirectory } from './root-directory.ts';
import { parseOptions, USAGE, type KubeletOptions } from './options.ts';
import { PodNetwork } from './pod-network.ts';
import { prepareProgramCatalogue } from './programs.ts';
import { UsageHistory } from './usage-history.ts';

const HOST_IP = '127.0.0.1';
/** A node should notice soon that its API server is back. */
const WATCH_BACKOFF = { backoffBaseMs: 200, backoffCapMs: 2000 };

/** Starts the node and returns how to stop it. */
async function startNode(options: KubeletOptions): Promise<() => Promise<void>> {
  const { nodeName, rootDir, backoffBaseMs, backoffMaxMs } = options;
  if (platform !== 'linux')
    throw new Error(`it needs Linux (pod addresses are 127.0.0.0/8), this is ${platform}: use kind where Docker runs`);
  const logger = createLogger('kubelet', options.logLevel);
  const podsRoot = join(rootDir, 'pods');
  mkdirSync(podsRoot, { recursive: true });
  claimRootDirectory(rootDir);
  const client = KubeClient.load({ kubeconfig: options.kubeconfig });
  const capacity = machineCapacity(options.maxPods);
  const events = new EventRecorder(client, nodeName, logger);
  const network = await PodNetwork.claim(join(rootDir, 'network'));
  const reaper = new Reaper();
  const kubelet = new Kubelet(
    {
      nodeName,
      hostIP: HOST_IP,
      podsRoot,
      capacity,
      client,
      logger,
      events,
      network,
      reaper,
      config: kubeConfigSource(client),
      programs: prepareProgramCatalogue(join(rootDir, 'programs')),
      memoryGuard: new MemoryGuard(),
      restartBackoff: new Backoff(backoffBaseMs, backoffMaxMs),
      imageBackoff: new Backoff(backoffBaseMs, backoffMaxMs),
      pulledImages: new Set(),
      pullErrors: new Map(),
      backoffBaseMs,
    },
    new KubeObjectWatch({ client, logger, timings: WATCH_BACKOFF }),
  );
  const history = new UsageHistory(kubelet);
  const usage = new NodeUsage(nodeName);
  const served = { kubelet, history, node: usage, authorizer: new NodeAuthorizer(client, nodeName), logger };
  const { tlsCert: cert, tlsKey: key, clientCa, requestheaderClientCa: aggregatorCa } = options;
  const files = { cert, key, clientCa, ...(aggregatorCa === undefined ? {} : { aggregatorCa }) };
  const endpoint = createNodeEndpoint(served, files);
  const port = await listen(endpoint, options.port);
  const registration = new NodeRegistration(client, { name: nodeName, ip: HOST_IP, port, capacity }, logger);

  await registration.start();
  events.normal({ apiVersion: 'v1', kind: 'Node', name: nodeName, uid: nodeName }, 'Starting', 'Starting kubelet.');
  await kubelet.start();
  process.stdout.write(`kubelet ready ${JSON.stringify({ nodeName, port })}\n`);

  return async () => {
    await kubelet.stop();
    await registration.stop();
    history.stop();
    usage.stop();
    await events.stop();
    endpoint.closeAllConnections();
    endpoint.close();
    await network.close();
    reaper.close();
  };
}

async function main(): Promise<void> {
  let stop: (() => Promise<void>) | undefined;
  let ending = false;
  const end = (signal: NodeJS.Signals): void => {
    if (ending) process.exit(130); // asked twice
    ending = true;
    if (stop === undefined) process.exit(signal === 'SIGINT' ? 130 : 143);
    void stop().finally(() => process.exit(0));
  };
  process.on('SIGTERM', end);
  process.on('SIGINT', end);
  let options: KubeletOptions;
  try {
    options = parseOptions(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n${USAGE}\n`);
    process.exit(2);
  }
  try {
    stop = await startNode(options);
  } catch (error) {
    process.stderr.write(`the node could not start: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(1);
  }
}

await main();
