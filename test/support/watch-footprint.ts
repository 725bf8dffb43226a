import { KubeConfig } from '@kubernetes/client-node';
import { pino } from 'pino';
import { KubeClient } from '../../src/adapters/kubernetes/kube-client.ts';
import { KubeObjectWatch } from '../../src/adapters/kubernetes/object-watch.ts';
import { project, type Item } from './observed-watch.ts';

/**
 * Run by a test as a process of its own, with --expose-gc: watches a fake API server and prints, as one line of JSON each,
 * what it took: after the full sync, and again when the object `last` has come.
 */
const [, , url = ''] = process.argv;
const kubeConfig = new KubeConfig();
kubeConfig.loadFromClusterAndUser({ name: 'fake', server: url, skipTLSVerify: true }, { name: 'user', token: 'token' });

/** Own work of this thread between two turns of a timer: unlike the time that passed, it does not count the neighbours'. */
let longestTurnMs = 0;
let before = process.threadCpuUsage();
setInterval(() => {
  const { user, system } = process.threadCpuUsage(before);
  before = process.threadCpuUsage();
  longestTurnMs = Math.max(longestTurnMs, (user + system) / 1000);
}, 1);

const baseRss = process.memoryUsage.rss();
const watch = new KubeObjectWatch({
  client: new KubeClient(kubeConfig),
  logger: pino({ level: 'silent' }),
}).watch<Item>({
  scope: { apiVersion: 'v1', kind: 'ConfigMap', namespace: 'default' },
  project: (raw) => ({ ...project(raw), data: {} }),
  onChange: ({ object }) => {
    if (object.metadata.name === 'last') report();
  },
  onSynced: report,
});
watch.start();

function report(): void {
  const peakRss = process.resourceUsage().maxRSS * 1024;
  globalThis.gc?.();
  const mb = (bytes: number): number => Math.round(bytes / 1024 / 1024);
  const figures = {
    objects: watch.stats().objects,
    listFallbacks: watch.stats().listFallbacks,
    peakRssMb: mb(peakRss),
    aboveStartMb: mb(peakRss - baseRss),
    heapMb: mb(process.memoryUsage().heapUsed),
    longestTurnMs: Math.round(longestTurnMs),
  };
  process.stdout.write(`${JSON.stringify(figures)}\n`);
  before = process.threadCpuUsage(); // the collection just now was not the watch's
}
