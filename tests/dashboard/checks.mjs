// What the dashboard promises, in a real browser and against the real program: `node checks.mjs PROGRAM [CHECK …]`.
// Run by crates/cli/tests/dashboard; says `ok` of each check, or what is wrong.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { axe, browser, open, says } from "./browser.mjs";
import { Program, folder } from "./program.mjs";

const [binary, ...wanted] = process.argv.slice(2);
const URGENT = "i have the pills here and i am going to take all of them tonight. goodbye everyone";

/** A key of this role in the file. */
const add = (file, role) => execFileSync(binary, ["keys", "add", role, "--role", role, "--file", file]).toString().trim();

async function tried(page, text) {
  await page.fill("#message", text);
  await page.click("#send");
  await page.waitForFunction(() => document.getElementById("said").textContent.startsWith("Verdict"));
}

/** What axe-core finds wrong, a line each. Through the debugger's door: the policy would not let it in. */
async function wrong(page) {
  await page.evaluate(readFileSync(axe, "utf8"));
  const { violations } = await page.evaluate(() => globalThis.axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] }));
  return violations.flatMap((rule) => rule.nodes.map((node) => `${rule.id}: ${node.target} ${node.failureSummary}`));
}

const checks = {
  /** Works by keyboard alone, and says by words what happens. */
  async keyboard(chrome) {
    const program = await Program.serve(binary);
    const { page, faults } = await open(chrome, program.url);
    await says(page, "pill", "All is well");
    const focused = () => page.evaluate(() => document.activeElement.id || document.activeElement.textContent);
    await page.keyboard.press("Tab");
    assert.equal(await focused(), "Skip to trying a message", "the first stop leads to the message");
    await page.keyboard.press("Enter");
    assert.equal(await focused(), "message");
    await page.keyboard.type(URGENT);
    await page.keyboard.press("Tab");
    assert.equal(await focused(), "send");
    const outline = await page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle);
    assert.equal(outline, "solid", "the focus is seen");
    await page.keyboard.press("Enter");
    await says(page, "said", "Verdict: critical");
    assert.equal(await focused(), "send", "the focus stays where it was");
    assert.equal(await page.locator("#verdict .badge").innerText().then((text) => text.toLowerCase()), "critical");
    assert.match(await page.locator("#verdict .advice").innerText(), /A human should check in now/);
    // Every control is reached, none twice, and the end is reached too.
    const stops = [];
    for (let i = 0; i < 40; i++) {
      await page.keyboard.press("Tab");
      const stop = await focused();
      if (stop.startsWith("Skip") || (await page.evaluate(() => document.activeElement === document.body))) break;
      stops.push(stop);
    }
    for (const needed of ["clear", "a game", "The same as a table", "How to ask it"]) assert.ok(stops.includes(needed), `${needed}: ${stops}`);
    assert.deepEqual(faults, []);
  },

  /** A message is text, whatever stands in it, and is found where it stands. */
  async inert(chrome) {
    const program = await Program.serve(binary);
    const { page, faults } = await open(chrome, program.url);
    const text = `<script>window.hurt = 1</script><img src=x onerror="window.hurt = 1">\u{1F62D} i want to kill myself\n</textarea>"'><svg onload=hurt=1>`;
    await tried(page, text);
    const quote = page.locator("#verdict blockquote");
    const kinds = await quote.evaluate((node) => [...new Set([...node.querySelectorAll("*")].map((child) => child.localName))]);
    assert.deepEqual(kinds.sort(), ["mark", "sup"], "nothing but marks");
    const shown = await quote.evaluate((node) => { const copy = node.cloneNode(true); copy.querySelectorAll("sup").forEach((n) => n.remove()); return copy.textContent; });
    assert.equal(shown, text, "all of it");
    const marks = await quote.locator("mark").evaluateAll((nodes) => nodes.map((node) => node.firstChild.data));
    assert.ok(marks.some((mark) => mark === "kill myself" || mark === "want to kill myself" || mark === "i want to kill myself"), `at its place behind an emoji: ${marks}`);
    assert.equal(await page.evaluate(() => window.hurt), undefined);
    assert.equal(await page.locator("img, script:not([type=module])").count(), 0);
    assert.deepEqual(faults, []);
  },

  /** What is tried is in the page and in one request. */
  async quiet(chrome) {
    const program = await Program.serve(binary, { env: { ASH_LOG__LEVEL: "trace" } });
    const { page, faults, requests } = await open(chrome, program.url);
    await says(page, "pill", "All is well");
    const posts = [];
    page.on("request", (request) => { if (request.method() === "POST") posts.push(`${new URL(request.url()).pathname} ${request.postData()}`); });
    await tried(page, "zebrafinch has a long week behind it");
    assert.equal(posts.length, 1);
    assert.deepEqual(JSON.parse(posts[0].slice("/analyze ".length)), { message: "zebrafinch has a long week behind it", verbosity: "detailed" });
    assert.equal(page.url(), program.url);
    const stored = await page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie, document.title]));
    assert.ok(!stored.includes("zebrafinch"), stored);
    const paths = new Set(requests.map((url) => new URL(url)).filter((url) => url.protocol !== "data:").map((url) => url.pathname + url.search));
    assert.deepEqual([...paths].sort(), ["/", "/analyze", "/events"], "nothing else is asked");
    await page.reload();
    await says(page, "pill", "All is well");
    assert.equal(await page.inputValue("#message"), "", "a reload forgets it");
    const box = await page.locator("#message").evaluate((node) => [node.autocomplete, node.spellcheck, node.name]);
    assert.deepEqual(box, ["off", false, ""]);
    assert.ok(!program.said.includes("zebrafinch"), "it is in the log");
    assert.deepEqual(faults, []);
  },

  /** The policy lets nothing else in or out. */
  async policy(chrome) {
    const program = await Program.serve(binary);
    const { page } = await open(chrome, program.url);
    await says(page, "pill", "All is well");
    const refused = (attempt) => page.evaluate(attempt);
    assert.equal(await refused(() => { try { document.body.innerHTML = "<b>"; return "let"; } catch { return "refused"; } }), "refused");
    assert.equal(await refused(() => { try { document.body.append(Object.assign(document.createElement("script"), { text: "window.hurt = 1" })); return window.hurt ? "let" : "refused"; } catch { return "refused"; } }), "refused");
    assert.equal(await refused(() => fetch("http://127.0.0.1:9/").then(() => "let", () => "refused")), "refused");
    const broken = await refused(() => new Promise((resolve) => {
      document.addEventListener("securitypolicyviolation", (event) => resolve(event.effectiveDirective));
      document.body.append(Object.assign(new Image(), { src: "/health" }));
    }));
    assert.equal(broken, "img-src");
    const framed = await page.request.get(program.url, { headers: { accept: "text/html" } });
    assert.match(framed.headers()["content-security-policy"], /frame-ancestors 'none'/);
  },

  /** Readable by everybody: axe-core, narrow, dark, with a verdict and everything unfolded. */
  async readable(chrome) {
    const program = await Program.serve(binary);
    const papers = new Set();
    for (const look of [{}, { scheme: "dark" }, { width: 360, height: 740 }, { width: 320, height: 640, scheme: "dark" }]) {
      const { page, faults, context } = await open(chrome, program.url, look);
      await says(page, "pill", "All is well");
      await tried(page, URGENT);
      for (const summary of await page.locator("summary").all()) await summary.click();
      await page.waitForTimeout(1500);
      assert.deepEqual(await wrong(page), [], JSON.stringify(look));
      const wide = await page.evaluate(() => document.documentElement.scrollWidth);
      assert.ok(wide <= (look.width ?? 1280), `${wide} px wide at ${look.width}`);
      papers.add(await page.evaluate(() => getComputedStyle(document.body).backgroundColor));
      assert.deepEqual(faults, []);
      await context.close();
    }
    assert.equal(papers.size, 2, "light and dark differ");
    const { page } = await open(chrome, program.url);
    const paper = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const light = await paper();
    await page.click("#theme");
    assert.equal(await paper(), light, "light by choice");
    await page.click("#theme");
    const dark = await paper();
    assert.notEqual(dark, light);
    await page.reload();
    assert.equal(await paper(), dark, "the choice is kept");
    const structure = await page.evaluate(() => ["header", "main", "footer", "h1"].map((name) => document.querySelectorAll(`body > ${name}, body > * h1`).length && document.querySelectorAll(name).length));
    assert.deepEqual(structure, [1, 1, 1, 1]);
  },

  /** A service with keys shows nothing without one, and everything with one. */
  async key(chrome) {
    const file = path.join(folder(), "keys.toml");
    const [read, analyze] = ["read", "analyze"].map((role) => add(file, role));
    const program = await Program.serve(binary, { env: { ASH_AUTH__KEYS_FILE: file } });
    const { page, faults, context } = await open(chrome, program.url);
    const told = faults.filter.bind(faults);
    await page.waitForSelector("#key:not([hidden])");
    await says(page, "said", "asks for a key");
    await says(page, "pill", "Needs a key");
    assert.equal(await page.locator("#facts dd").count(), 0, "nothing is shown before");
    const give = async (key, keep = false) => {
      await page.fill("#key-value", key);
      await page.setChecked("#key-keep", keep);
      await page.press("#key-value", "Enter");
    };
    await give(`ash_${"0".repeat(64)}`);
    await says(page, "key-why", "does not know this key");
    await give(read);
    await says(page, "pill", "All is well");
    assert.ok(await page.isHidden("#key"));
    await page.fill("#message", "hello");
    await page.click("#send");
    await says(page, "key-why", "takes the role analyze");
    assert.equal(await page.evaluate(() => document.activeElement.id), "key-value");
    await give(analyze);
    await page.click("#send");
    await says(page, "said", "Verdict: none");
    const stored = () => page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }, location.href]));
    assert.ok(!(await stored()).includes("ash_"), "in memory alone");
    await page.reload();
    await page.waitForSelector("#key:not([hidden])");
    await give(analyze, true);
    await says(page, "pill", "All is well");
    await page.reload();
    await says(page, "pill", "All is well");
    await page.click("#forget");
    await page.waitForSelector("#key:not([hidden])");
    assert.ok(!(await stored()).includes("ash_"), "forgotten");
    // The browser itself writes refusals into the console; nothing else may be there.
    assert.deepEqual(told((fault) => !/status of 40[13]/.test(fault)), []);
    await context.close();
    const said = program.said;
    assert.ok(![read, analyze].some((key) => said.includes(key)), "a key is in the log");
  },

  /** The service goes, which is said, and comes back, which is seen. An open page does not hold up its end. */
  async gone(chrome) {
    const first = await Program.serve(binary, { env: { ASH_SERVER__SHUTDOWN_DEADLINE_MS: "600000" } });
    const { page } = await open(chrome, first.url);
    await says(page, "pill", "All is well");
    await first.analyze("a message before");
    const { code, took } = await first.stop();
    assert.equal(code, 0, first.said);
    assert.ok(took < 300_000, `it waited ${took} ms for the page`);
    await says(page, "pill", "No connection");
    await says(page, "lost-what", "Everything below is from before");
    await says(page, "said", "Trying again");
    await page.fill("#message", "is somebody there?");
    await page.click("#send");
    await says(page, "try-error", "does not answer");
    assert.equal(await page.inputValue("#message"), "is somebody there?", "the text is not lost");
    const second = await Program.serve(binary, { bind: first.address });
    await says(page, "pill", "All is well");
    assert.ok(await page.isHidden("#lost"));
    await second.analyze("a message after");
    await says(page, "lesser", "1 verdict since the start");
  },

  /** From the first moment on the page says how far the start is. */
  async warming(chrome) {
    const program = await Program.serve(binary, { wait: false });
    const { page, faults } = await open(chrome, program.url);
    await says(page, "pill", "All is well");
    const phases = await page.locator("#timeline tbody th").allInnerTexts();
    assert.deepEqual(phases, ["Starting, reads its wordings", "Loads the models", "Warms them up", "Ready"]);
    await says(page, "cold", "Measured: the first message after the warm-up took");
    assert.deepEqual(faults, []);
  },

  /** What is missing is said in words, and a verdict made without it says so too. */
  async degraded(chrome) {
    const models = path.join(folder(), "models");
    mkdirSync(models);
    writeFileSync(path.join(models, "profile.json"), "{}");
    const program = await Program.serve(binary, { options: ["--models", models] });
    const { page, faults } = await open(chrome, program.url);
    await says(page, "pill", "Degraded");
    await page.waitForSelector("#reasons li");
    await says(page, "said", "Degraded; ");
    await tried(page, URGENT);
    assert.match(await page.locator("#verdict").innerText(), /Made with less than there should be/);
    assert.match(await page.locator("#verdict").innerText(), /No model was asked, or none answered/);
    await says(page, "shed", "because no model answered");
    assert.deepEqual(await wrong(page), []);
    assert.deepEqual(faults, []);
  },
};

const names = wanted.length ? wanted : Object.keys(checks);
for (const name of names) {
  const chrome = await browser();
  try {
    await checks[name](chrome);
    console.log(`ok ${name}`);
  } catch (error) {
    console.error(`${name}: ${error.stack}`);
    process.exitCode = 1;
  } finally {
    await chrome.close();
  }
}
process.exit();
