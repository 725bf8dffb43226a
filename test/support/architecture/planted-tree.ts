import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';

const ROOT = resolve(import.meta.dirname, '../../..');
/** What the tools read to know the rules. */
const CONFIGURATION = ['.dependency-cruiser.js', 'eslint.config.js', 'jest.config.js', 'package.json', 'tsconfig.json'];
const MAX_OUTPUT_BYTES = 64 * 1024 * 1024;

export interface ToolResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * A small project under the rules of this one, in a temporary directory: what breaks a rule is planted there and never
 * touches the real tree.
 */
export class PlantedTree {
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  /** `files`: text by path. */
  static async create(files: Readonly<Record<string, string>>): Promise<PlantedTree> {
    const tree = new PlantedTree(await mkdtemp(join(tmpdir(), 'kubeskippy-planted-')));
    for (const file of CONFIGURATION) await tree.borrow(file);
    await symlink(join(ROOT, 'node_modules'), join(tree.path, 'node_modules'));
    for (const [file, text] of Object.entries(files)) await tree.write(file, text);
    return tree;
  }

  async write(file: string, text: string): Promise<void> {
    await mkdir(dirname(join(this.path, file)), { recursive: true });
    await writeFile(join(this.path, file), text);
  }

  /** Copies a file or folder of the real tree to the same place. */
  async borrow(file: string): Promise<void> {
    await cp(join(ROOT, file), join(this.path, file), { recursive: true });
  }

  /** Runs a script of the real tree in this one. */
  run(script: string, ...args: readonly string[]): Promise<ToolResult> {
    return this.#node(join(ROOT, script), args);
  }

  /** Runs a script of this tree. */
  runOwn(script: string, ...args: readonly string[]): Promise<ToolResult> {
    return this.#node(join(this.path, script), args);
  }

  async remove(): Promise<void> {
    await rm(this.path, { recursive: true, force: true });
  }

  #node(script: string, args: readonly string[]): Promise<ToolResult> {
    return new Promise((settle) => {
      const options = { cwd: this.path, maxBuffer: MAX_OUTPUT_BYTES };
      execFile(process.execPath, [script, ...args], options, (error, stdout, stderr) => {
        settle({ code: error === null ? 0 : typeof error.code === 'number' ? error.code : -1, stdout, stderr });
      });
    });
  }
}
