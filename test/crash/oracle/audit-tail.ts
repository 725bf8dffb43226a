import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import type { AuditEvent } from '../../support/audit-log.ts';

/** Everything of KubeSkippy writes as one of these. */
const OURS = 'system:serviceaccount:kubeskippy-system:';
const CHUNK = 1 << 20;

/** Reads on in the API server's audit log, and keeps what was done in the healer's name. */
export class AuditTail {
  readonly #file: string;
  #offset = 0;
  #rest: Buffer = Buffer.alloc(0);
  readonly #byNamespace = new Map<string, AuditEvent[]>();

  constructor(file: string) {
    this.#file = file;
  }

  /** All that was written so far. */
  readOn(): void {
    const file = openSync(this.#file, 'r');
    try {
      const { size } = fstatSync(file);
      while (this.#offset < size) {
        const chunk = Buffer.alloc(Math.min(CHUNK, size - this.#offset));
        const length = readSync(file, chunk, 0, chunk.length, this.#offset);
        this.#offset += length;
        this.#take(Buffer.concat([this.#rest, chunk.subarray(0, length)]));
      }
    } finally {
      closeSync(file);
    }
  }

  writesIn(namespace: string): readonly AuditEvent[] {
    return this.#byNamespace.get(namespace) ?? [];
  }

  /** Namespaces in which the healer did anything; '' for what is in none. */
  get namespaces(): readonly string[] {
    return [...this.#byNamespace.keys()];
  }

  #take(text: Buffer): void {
    const end = text.lastIndexOf('\n') + 1;
    this.#rest = text.subarray(end);
    for (const line of text.subarray(0, end).toString().split('\n')) {
      if (!line.includes(OURS)) continue;
      const event = JSON.parse(line) as AuditEvent;
      if (!event.user.username.startsWith(OURS) || ['get', 'list', 'watch'].includes(event.verb)) continue;
      const namespace = event.objectRef?.namespace ?? '';
      const known = this.#byNamespace.get(namespace);
      if (known === undefined) this.#byNamespace.set(namespace, [event]);
      else known.push(event);
    }
  }
}
