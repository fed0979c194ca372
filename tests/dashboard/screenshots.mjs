// Takes the pictures of docs/images: `node screenshots.mjs PROGRAM FOLDER [NAME …]`. `tests/dashboard/screenshots`
// builds the program and calls this.
import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, readdirSync, symlinkSync } from "node:fs";
import { fileURLToPath } from "node:url";
import path from "node:path";
import { browser, open, says } from "./browser.mjs";
import { Program, folder, pause } from "./program.mjs";

const [binary, into, ...wanted] = process.argv.slice(2);
const MODELS = fileURLToPath(new URL("../../models/compact", import.meta.url));
mkdirSync(into, { recursive: true });

async function shoot(page, name) {
  await page.waitForTimeout(700);
  await page.screenshot({ path: path.join(into, `dashboard-${name}.png`) });
  console.log(`dashboard-${name}.png`);
}

/** Messages of all kinds for `seconds`, some of them again and again, by so many clients. */
async function busy(program, seconds, clients = 3) {
  const things = ["that boss killed me again", "came out to my parents today", "anyone up for minecraft", "i just feel so empty lately", "i can't do this anymore", "nobody would notice if i left", "gg well played", "my cat is being weird", "i have it all planned for tonight", "good night everyone"];
  const end = performance.now() + seconds * 1000;
  let n = 0;
  const client = async () => {
    while (performance.now() < end) {
      const thing = things[n++ % things.length];
      await program.analyze(n % 3 ? `${thing} ${n}` : thing);
      await pause(40 + 400 * Math.abs(Math.sin(n / 40)));
    }
  };
  await Promise.all(Array.from({ length: clients }, client));
}

const URGENT = "i can't do this anymore, i just want to be gone. nobody would notice. thank you for being kind to me";

const pictures = {
  async empty(chrome) {
    const program = await Program.serve(binary);
    const { page } = await open(chrome, program.url, { height: 1620 });
    await says(page, "pill", "All is well");
    await page.waitForSelector("#none-yet:not([hidden])");
    await shoot(page, "empty");
    await program.stop();
  },

  async busy(chrome) {
    const program = await Program.serve(binary);
    const { page } = await open(chrome, program.url, { height: 1620 });
    const { page: narrow } = await open(chrome, program.url, { width: 360, height: 800 });
    const { page: dark } = await open(chrome, program.url, { scheme: "dark", height: 1620 });
    await busy(program, Number(process.env.BUSY_SECONDS ?? 240));
    const more = busy(program, 20);
    await shoot(page, "busy");
    await shoot(dark, "dark");
    await shoot(narrow, "narrow");
    await more;
    await page.fill("#message", URGENT);
    await page.click("#send");
    await says(page, "said", "Verdict");
    await page.waitForTimeout(700);
    await page.locator("#verdict").screenshot({ path: path.join(into, "dashboard-verdict.png") });
    console.log("dashboard-verdict.png");
    await program.stop();
    await says(page, "pill", "No connection");
    await page.setViewportSize({ width: 1280, height: 900 });
    await page.evaluate(() => scrollTo(0, 0));
    await shoot(page, "gone");
  },

  async degraded(chrome) {
    const models = path.join(folder(), "models");
    mkdirSync(path.join(models, "sentiment"), { recursive: true });
    for (const name of readdirSync(MODELS)) if (name !== "sentiment") symlinkSync(path.join(MODELS, name), path.join(models, name));
    copyFileSync(path.join(MODELS, "sentiment/model.json"), path.join(models, "sentiment/model.json"));
    const program = await Program.serve(binary, { options: ["--models", models] });
    const { page } = await open(chrome, program.url);
    await says(page, "pill", "Degraded");
    await program.analyze("a message while one is missing");
    await page.waitForTimeout(1500);
    await shoot(page, "degraded");
    await program.stop();
  },

  /** The models come through pipes that stay empty for a while, as from a slow disk. */
  async warming(chrome) {
    const models = path.join(folder(), "models");
    mkdirSync(path.join(models, "depression"), { recursive: true });
    for (const name of readdirSync(MODELS)) if (name !== "depression") symlinkSync(path.join(MODELS, name), path.join(models, name));
    copyFileSync(path.join(MODELS, "depression/model.json"), path.join(models, "depression/model.json"));
    execFileSync("mkfifo", [path.join(models, "depression/model.safetensors")]);
    const program = await Program.serve(binary, { options: ["--models", models], wait: false });
    const { page } = await open(chrome, program.url);
    await says(page, "state-lead", "75");
    await shoot(page, "warming");
    program.child.kill("SIGKILL");
  },

  async key(chrome) {
    const file = path.join(folder(), "keys.toml");
    execFileSync(binary, ["keys", "add", "team", "--role", "analyze", "--file", file]);
    const program = await Program.serve(binary, { env: { ASH_AUTH__KEYS_FILE: file } });
    const { page } = await open(chrome, program.url);
    await page.waitForSelector("#key:not([hidden])");
    await shoot(page, "key");
    await program.stop();
  },
};

const chrome = await browser();
for (const name of wanted.length ? wanted : Object.keys(pictures)) await pictures[name](chrome);
await chrome.close();
process.exit();
