/**
 * The reaper's own process. Its standard input is a pipe from the process that it serves: lines `+ pid startedAt` and
 * `- pid`. When that pipe closes, however its writer ended, it kills what is still on the list and ends.
 */
import { createInterface } from 'node:readline';
import { processStat } from './process-identity.ts';

const charges = new Map<number, string>();

function end(pid: number, startedAt: string): void {
  const now = processStat(pid);
  if (now !== undefined && now.startedAt !== startedAt) return; // this pid belongs to somebody else by now
  // A leader that is gone may leave members of its group behind; their presence keeps the number from being reused.
  if (now === undefined || now.group === pid) kill(-pid);
  if (now !== undefined) kill(pid);
}

function kill(target: number): void {
  try {
    process.kill(target, 'SIGKILL');
  } catch {
    // already gone
  }
}

// Whoever ends our whole family politely must not end us before the rest.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);
process.stdout.on('error', () => undefined);

createInterface({ input: process.stdin })
  .on('line', (line) => {
    const [operation, number, startedAt] = line.split(' ');
    const pid = Number(number);
    if (!Number.isInteger(pid) || pid <= 1) return;
    if (operation === '+' && startedAt !== undefined) charges.set(pid, startedAt);
    else charges.delete(pid);
    process.stdout.write(`${pid}\n`);
  })
  .on('close', () => {
    for (const [pid, startedAt] of charges) end(pid, startedAt);
    process.exit(0);
  });
