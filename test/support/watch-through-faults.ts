import { eventually } from './eventually.ts';
import { answerErrorEvent, answerStatus, answerText, FakeApiServer } from './fake-api-server.ts';
import { observe, project } from './observed-watch.ts';

/**
 * Run by a test as a process of its own under `--unhandled-rejections=strict`, where one forgotten rejection ends it: a
 * watch goes through every kind of failure while its reader throws, rejects and fails to project.
 */
const server = await FakeApiServer.start();
let calls = 0;
const seen = observe(server, {
  timings: {
    shortStreamMs: 0,
    headersTimeoutMs: 250,
    pageTimeoutMs: 250,
    initialSilenceMs: 200,
    silenceMs: 50,
    probeEveryMs: 10,
    resyncEveryMs: [100, 200],
  },
  take: ({ object }) => {
    if (object.metadata.name === 'last') return;
    calls += 1;
    if (calls % 3 === 0) throw new Error('thrown');
    if (calls % 3 === 1) return Promise.reject(new Error('rejected'));
  },
  projectItem: (raw) => {
    if (raw.metadata.name === 'odd') throw new Error('not projected');
    return project(raw);
  },
});
const faults: (() => unknown)[] = [
  server.reset.bind(server),
  server.end.bind(server),
  server.end.bind(server, '{"type":'),
  server.send.bind(server, 'nonsense\n'),
  server.mute.bind(server),
  server.unmute.bind(server),
  server.compact.bind(server),
  () => {
    server.next(
      'watch',
      answerErrorEvent(410, 'Expired'),
      answerStatus(429, 'TooManyRequests'),
      answerText('<html>\n'),
    );
  },
  () => {
    server.next('initial-watch', answerStatus(500, 'InternalError'), answerErrorEvent(500, 'InternalError'));
  },
  () => {
    server.next('list', answerStatus(410, 'Expired'), answerText('<html>'), (response) => response.destroy());
  },
  server.snapshot(),
];
for (let round = 0; round < 120; round++) {
  server.put(`object-${round % 7}`, { v: String(round) });
  if (round % 5 === 0) server.put('odd');
  if (round % 11 === 0) server.remove(`object-${round % 7}`);
  faults[round % faults.length]?.();
  await new Promise((resolve) => setTimeout(resolve, 10));
}
server.unmute();
server.put('last', { v: 'seen' });
await eventually(() => {
  if (!seen.log().includes('added last')) throw new Error(`lost: ${JSON.stringify(seen.watch.stats())}`);
}, 10_000);
const late = seen.watch.stop();
server.reset();
await late;
await server.stop();
process.stdout.write(`still following after ${JSON.stringify(seen.watch.stats().disconnects)}\n`);
