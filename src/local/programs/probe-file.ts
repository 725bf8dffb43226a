/**
 * For exec probes: `probe-file PATH` ends with 0 if the file is there, else with 1. A path may begin with `$NAME/` for
 * the directory of a volume, e.g. `$KUBESKIPPY_VOLUME_STATE/ready`.
 */
import { existsSync } from 'node:fs';

const path = (process.argv[2] ?? '').replace(/^\$(\w+)/, (_whole, name: string) => process.env[name] ?? '');
if (existsSync(path)) process.exit(0);
process.stdout.write(`probe-file: no such file: ${path}\n`);
process.exit(1);
