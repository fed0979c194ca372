// The system's Chromium, and pages that write down what a page must not do.
import { createRequire } from "node:module";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const installed = fileURLToPath(new URL("../../target/dashboard/", import.meta.url));
const require = createRequire(installed);
const { chromium } = require("playwright-core");
export const axe = require.resolve("axe-core/axe.min.js");

const names = ["chromium", "chromium-browser", "google-chrome"];
const executable = names.flatMap((name) => process.env.PATH.split(":").map((folder) => `${folder}/${name}`)).find(existsSync);

/** Chromium without a window. Its sandbox needs what root in a container does not have. */
export async function browser() {
  return chromium.launch({ executablePath: executable, args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"] });
}

/** A page of its own profile. `faults` are errors, breaches of the policy, and requests to anybody else. */
export async function open(chrome, url, { width = 1280, height = 900, scheme = "light", scale = 1, motion = "reduce" } = {}) {
  const context = await chrome.newContext({
    viewport: { width, height }, colorScheme: scheme, deviceScaleFactor: scale, reducedMotion: motion, locale: "en-GB",
  });
  const page = await context.newPage();
  const faults = [];
  const requests = [];
  page.on("console", (message) => { if (["error", "warning"].includes(message.type())) faults.push(message.text()); });
  page.on("pageerror", (error) => faults.push(String(error)));
  page.on("dialog", (dialog) => { faults.push(`a dialog: ${dialog.message()}`); dialog.dismiss(); });
  page.on("request", (request) => {
    requests.push(request.url());
    const to = new URL(request.url());
    if (to.protocol !== "data:" && to.origin !== new URL(url).origin) faults.push(`a request to ${request.url()}`);
  });
  await page.addInitScript(() => {
    document.addEventListener("securitypolicyviolation", (event) => console.error(`policy: ${event.violatedDirective} ${event.blockedURI}`));
  });
  await page.goto(url);
  return { page, context, faults, requests };
}

/** Waits until the page says so. */
export const says = (page, id, words) => page.waitForFunction(
  ([id, words]) => document.getElementById(id).textContent.includes(words), [id, words], { timeout: 90_000 });
