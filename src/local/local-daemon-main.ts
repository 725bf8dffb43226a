/** Entry point of the background process of `local up`; its one argument is a DaemonOptions as JSON. */
import { serveLocalEnvironment, type DaemonOptions } from './local-daemon.ts';

const [, , options] = process.argv;
if (options === undefined) throw new Error('this is started by `kubeskippy local up`, not by hand');
await serveLocalEnvironment(JSON.parse(options) as DaemonOptions);
