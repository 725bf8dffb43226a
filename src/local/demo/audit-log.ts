import { closeSync, existsSync, openSync, readSync } from 'node:fs';

/** One request as the API server itself recorded it. */
export interface AuditEntry {
  readonly auditID: string;
  readonly verb: string;
  readonly requestURI: string;
  readonly user: { readonly username: string };
  readonly objectRef?: {
    readonly resource?: string;
    readonly subresource?: string;
    readonly namespace?: string;
    readonly name?: string;
  };
  readonly responseStatus?: { readonly code?: number };
  readonly requestObject?: unknown;
  /** When the answer was complete: the write is stored and visible. RFC 3339 with microseconds. */
  readonly stageTimestamp: string;
}

/** Milliseconds since the epoch, with three digits that Date would drop. */
export function auditTime({ stageTimestamp }: AuditEntry): number {
  const fraction = /\.(\d+)Z$/.exec(stageTimestamp)?.[1] ?? '0';
  return Math.floor(Date.parse(stageTimestamp) / 1000) * 1000 + Number(`0.${fraction}`) * 1000;
}

export const accepted = ({ responseStatus, requestURI }: AuditEntry): boolean => {
  const code = responseStatus?.code ?? 0;
  return code >= 200 && code < 300 && !requestURI.includes('dryRun=');
};

const CHUNK_BYTES = 1024 * 1024;

/** Reads what has been added to an audit log since the last look. */
export class AuditLogTail {
  readonly #file: string;
  readonly #relevant: (line: string) => boolean;
  #offset = 0;
  #rest = Buffer.alloc(0);

  /** Lines that are not `relevant` are not even parsed. */
  constructor(file: string, relevant: (line: string) => boolean) {
    this.#file = file;
    this.#relevant = relevant;
  }

  /** Complete lines only; one that is still being written comes with a later call. */
  read(): AuditEntry[] {
    const text = this.#newText();
    return text.split('\n').flatMap((line) => {
      if (line === '' || !this.#relevant(line)) return [];
      try {
        return [JSON.parse(line) as AuditEntry];
      } catch {
        return []; // torn: the API server was killed in the middle of it
      }
    });
  }

  #newText(): string {
    if (!existsSync(this.#file)) return '';
    const parts = [this.#rest];
    const file = openSync(this.#file, 'r');
    try {
      for (;;) {
        const chunk = Buffer.alloc(CHUNK_BYTES);
        const bytes = readSync(file, chunk, 0, CHUNK_BYTES, this.#offset);
        if (bytes === 0) break;
        parts.push(chunk.subarray(0, bytes));
        this.#offset += bytes;
      }
    } finally {
      closeSync(file);
    }
    const all = Buffer.concat(parts);
    const end = all.lastIndexOf('\n') + 1;
    this.#rest = all.subarray(end);
    return all.subarray(0, end).toString('utf8');
  }
}
