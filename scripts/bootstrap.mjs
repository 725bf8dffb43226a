/**
 * Installs the dependencies if they are missing or not those of package-lock.json, before any npm script that needs
 * them. Plain JavaScript that Node 18 can run: the Node that the project needs comes with the dependencies.
 *
 * npm's own node_modules/.package-lock.json is the stamp: npm writes it last, we remove it first, so that an install
 * that was interrupted is seen the next time.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const stamp = join(root, 'node_modules/.package-lock.json');
const MIN_NODE = [24, 11, 1];

const say = (line) => process.stderr.write(`${line}\n`);

/** The packages of a lock file by path, or undefined if it cannot be read. */
function packagesIn(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8')).packages ?? {};
  } catch {
    return undefined;
  }
}

/** Whether node_modules holds exactly the versions that package-lock.json names. */
function isInstalled() {
  const installed = packagesIn(stamp);
  const wanted = packagesIn(join(root, 'package-lock.json'));
  if (wanted === undefined)
    throw new Error(
      `${join(root, 'package-lock.json')} is missing or broken: restore it (git checkout package-lock.json)`,
    );
  if (installed === undefined) return false;
  return Object.entries(wanted).every(([path, { version, optional, link }]) => {
    if (path === '' || !path.includes('node_modules/')) return true; // ourselves
    if (optional === true && installed[path] === undefined) return true; // another platform's
    return installed[path]?.version === version && (link === true || existsSync(join(root, path, 'package.json')));
  });
}

/** `pid starttime` of a process (the start time only where there is /proc), so that a reused pid is not mistaken. */
function identify(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return `${pid} ${stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]}`;
  } catch {
    return `${pid} ?`;
  }
}

function isAlive(identity) {
  const pid = Number(identity.split(' ')[0]);
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    return error.code === 'EPERM';
  }
  return identify(pid) === identity;
}

/**
 * One installation per clone at a time. The lock is the highest-numbered file of a directory, with its owners' pids;
 * it is taken by creating the next number, and given up if another is found then. So a lock whose owner was killed can
 * be taken over without two successors ever holding it.
 */
class Lock {
  constructor() {
    const key = createHash('sha256').update(root).digest('hex').slice(0, 16);
    this.directory = join(tmpdir(), `kubeskippy-bootstrap-${process.getuid?.() ?? 'user'}-${key}`);
  }

  numbers() {
    try {
      return readdirSync(this.directory).map(Number).filter(Number.isInteger);
    } catch {
      return []; // removed just now
    }
  }

  /** The owners of a lock file; none if it has just been given back. */
  owners(number) {
    try {
      return readFileSync(join(this.directory, String(number)), 'utf8').split('\n');
    } catch {
      return [];
    }
  }

  async acquire(onWait) {
    for (let told = false; ;) {
      mkdirSync(this.directory, { recursive: true }); // who gives the lock back removes it
      const numbers = this.numbers();
      const owner = numbers.flatMap((number) => this.owners(number)).find(isAlive);
      if (owner === undefined && this.tryTake(Math.max(0, ...numbers) + 1)) return;
      if (owner !== undefined && !told) onWait(owner.split(' ')[0]);
      told ||= owner !== undefined;
      await delay(100 + Math.random() * 100);
    }
  }

  tryTake(number) {
    const file = join(this.directory, String(number));
    const draft = join(this.directory, `draft-${process.pid}`);
    try {
      writeFileSync(draft, identify(process.pid));
      linkSync(draft, file); // fails if it exists, and shows no half-written content
    } catch (error) {
      if (error.code === 'EEXIST' || error.code === 'ENOENT') return false;
      throw error;
    } finally {
      rmSync(draft, { force: true });
    }
    const others = this.numbers().filter((other) => other !== number);
    if (others.some((other) => other > number || this.owners(other).some(isAlive))) {
      rmSync(file, { force: true });
      return false;
    }
    for (const other of others) rmSync(join(this.directory, String(other)), { force: true });
    this.file = file;
    return true;
  }

  /** npm holds the lock too: it may outlive us. */
  share(pid) {
    const draft = `${this.file}.draft`;
    writeFileSync(draft, `${identify(process.pid)}\n${identify(pid)}`);
    renameSync(draft, this.file);
  }

  release() {
    rmSync(this.file, { force: true });
    try {
      rmdirSync(this.directory);
    } catch {
      // somebody waits there
    }
  }
}

/** Runs `npm ci` with the npm and the Node that run this script; resolves with its exit code and what it said. */
function npmCi(lock) {
  const { npm_execpath: npm, npm_node_execpath: node } = process.env;
  const args = ['ci', '--no-audit', '--no-fund', '--no-progress'];
  // Not node_modules/.bin/node, which npm is about to replace.
  const [command, ...rest] = npm === undefined ? ['npm', ...args] : [node ?? process.execPath, npm, ...args];
  return new Promise((resolve, reject) => {
    const child = spawn(command, rest, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (data) => (output = (output + data).slice(-20_000)));
    child.on('error', (error) => reject(new Error(`npm cannot be run (${error.message}): install npm 9 or later`)));
    child.on('close', (code) => resolve({ code, output }));
    if (child.pid !== undefined) lock.share(child.pid);
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'])
      process.once(signal, () => {
        child.on('close', () => process.exit(signal === 'SIGINT' ? 130 : 143));
        child.kill(signal);
      });
  });
}

function reasonOf(output) {
  if (/ENOTFOUND|EAI_AGAIN|ETIMEDOUT|ECONNREFUSED|ECONNRESET|ENETUNREACH|network/i.test(output))
    return 'the npm registry cannot be reached. Connect to the network (or set a registry that you can reach: npm config set registry URL), then run the same command again';
  if (/ENOSPC|EDQUOT/.test(output))
    return `the disk is full. Free about 1 GB where ${root} is, then run the same command again`;
  if (/EACCES|EPERM|EROFS/.test(output)) return `${root} cannot be written. Clone the project where you may write`;
  return 'npm ci failed. Correct what it says, then run the same command again';
}

async function install(lock) {
  const began = Date.now();
  const elapsed = () => `${Math.round((Date.now() - began) / 1000)} s`;
  say('installing the dependencies (npm ci; about 700 MB, once)');
  rmSync(stamp, { force: true });
  const timer = setInterval(() => say(`  still installing (${elapsed()})`), 10_000);
  try {
    const { code, output } = await npmCi(lock);
    if (code !== 0) {
      const last = output.trimEnd().split('\n').slice(-12);
      throw new Error([`${reasonOf(output)}.`, 'Last lines of npm:', ...last.map((line) => `    ${line}`)].join('\n'));
    }
  } finally {
    clearInterval(timer);
  }
  if (!isInstalled())
    throw new Error(
      `npm ci ended well, but ${join(root, 'node_modules')} is not complete: delete it and run the same command again`,
    );
  say(`  installed after ${elapsed()}`);
}

/** The Node that scripts will find first. */
function demandNode() {
  if (existsSync(join(root, 'node_modules/.bin/node'))) return;
  const version = process.versions.node.split('.').map(Number);
  const difference = MIN_NODE.map((wanted, index) => version[index] - wanted).find((value) => value !== 0) ?? 0;
  if (difference < 0)
    throw new Error(
      `Node ${MIN_NODE.join('.')} or later is needed, this is ${process.versions.node}, and npm has no Node for ${process.platform}-${process.arch}: install it from https://nodejs.org`,
    );
}

try {
  if (!isInstalled()) {
    const lock = new Lock();
    await lock.acquire((pid) => say(`waiting for process ${pid}, which is installing the dependencies`));
    try {
      if (!isInstalled()) await install(lock);
    } finally {
      lock.release();
    }
  }
  demandNode();
} catch (error) {
  say(`error: ${error.message}`);
  process.exitCode = 1;
}
