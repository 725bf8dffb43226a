import { renameSync, writeFileSync } from 'node:fs';

/** A reader, or a run after a crash, sees the old content or the new one, never a part. */
export function writeFileAtomically(file: string, content: string, mode = 0o644): void {
  const part = `${file}.${process.pid}.part`;
  writeFileSync(part, content, { mode });
  renameSync(part, file);
}
