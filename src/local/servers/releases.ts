import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { programNames, PROGRAMS, type ProgramName } from './programs.ts';

/** One official binary. Without its published checksum there is no such thing. */
const releaseSchema = z.strictObject({
  program: z.enum(programNames),
  version: z.string().regex(/^\d+\.\d+\.\d+$/),
  /** `<process.platform>-<process.arch>`. */
  platform: z.string().regex(/^[a-z\d]+-[a-z\d]+$/),
  url: z.url({ protocol: /^https?$/ }),
  sha256: z.string().regex(/^[\da-f]{64}$/),
  /** Where the checksum was read. */
  checksumFrom: z.string().min(1),
  format: z.enum(['binary', 'tar.gz']),
  /** Path of the program within the archive. */
  member: z
    .string()
    .regex(/^(?!\/)(?!.*\.\.).+$/)
    .optional(),
});
const releasesSchema = z
  .strictObject({ $comment: z.string().optional(), releases: z.array(releaseSchema) })
  .refine(({ releases }) => releases.every(({ format, member }) => (format === 'tar.gz') === (member !== undefined)), {
    message: 'a tar.gz needs `member`, a plain binary must not have it',
  });

export type Release = z.infer<typeof releaseSchema>;

const RELEASES_FILE = fileURLToPath(new URL('../../../deploy/local/servers/releases.json', import.meta.url));

/** The pinned downloads. Throws if the file says anything that it must not. */
export function readReleases(file = RELEASES_FILE): readonly Release[] {
  const parsed = releasesSchema.safeParse(JSON.parse(readFileSync(file, 'utf8')));
  if (!parsed.success) throw new Error(`${file}: ${z.prettifyError(parsed.error)}`);
  return parsed.data.releases;
}

/** The pinned download of a program for this machine, in the version that this project wants. */
export const releaseOf = (
  releases: readonly Release[],
  program: ProgramName,
  platform = `${process.platform}-${process.arch}`,
): Release | undefined =>
  releases.find(
    (release) =>
      release.program === program && release.platform === platform && release.version === PROGRAMS[program].version,
  );
