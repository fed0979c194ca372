// The program, started as somebody would: asked, signalled, ended.
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

const running = new Set();
const folders = [];
process.on("exit", () => {
  running.forEach((child) => child.kill("SIGKILL"));
  folders.forEach((made) => rmSync(made, { recursive: true, force: true }));
});

export const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Tries until `look` gives something, for a minute and a half: programs built for tests start slowly. */
export async function eventually(what, look) {
  for (let i = 0; i < 1800; i++) {
    const found = await look();
    if (found) return found;
    await pause(50);
  }
  throw new Error(`never: ${what}`);
}

/** A folder of its own that goes with this process. */
export function folder() {
  const made = mkdtempSync(path.join(tmpdir(), "ash-dashboard-"));
  folders.push(made);
  return made;
}

export class Program {
  /** `ash-nlp serve` of the binary at `binary`, with `options` before it; ready unless `wait` says otherwise. */
  static async serve(binary, { bind = "127.0.0.1:0", options = [], env = {}, wait = true } = {}) {
    const program = new Program();
    program.child = spawn(binary, [...options, "serve", "--bind", bind], {
      cwd: folder(),
      env: { PATH: process.env.PATH, ASH_LEARNING__PATH: ":memory:", ...env },
      stdio: ["ignore", "ignore", "pipe"],
    });
    running.add(program.child);
    program.said = "";
    program.child.stderr.on("data", (bytes) => { program.said += bytes; });
    program.ended = new Promise((resolve) => program.child.on("exit", (code) => { running.delete(program.child); resolve(code); }));
    const gone = program.ended.then((code) => { throw new Error(`the program ended with ${code}: ${program.said}`); });
    gone.catch(() => {});
    const listens = eventually("it listens", () => program.said.match(/http:\/\/(127\.0\.0\.1:\d+)/)?.[1]);
    program.address = await Promise.race([listens, gone]);
    program.url = `http://${program.address}/`;
    if (wait) await eventually("it is ready", () => fetch(`${program.url}ready`).then((answer) => answer.ok, () => false));
    return program;
  }

  async analyze(message, headers = {}) {
    const answer = await fetch(`${this.url}analyze`, { method: "POST", headers, body: JSON.stringify({ message }) });
    return answer.json();
  }

  /** Asks it to end and waits until it has: how long that took, and its exit code. */
  async stop() {
    const begin = performance.now();
    this.child.kill("SIGTERM");
    const code = await this.ended;
    return { code, took: performance.now() - begin };
  }
}
