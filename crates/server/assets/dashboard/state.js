
// How the service is: in one sentence, then why, then how its start went.
const PHASES = {
  starting: "Starting, reads its wordings",
  loading: "Loads the models",
  warming: "Warms them up",
  ready: "Ready",
  draining: "Shuts down",
};

/** The tone of the pill, its words, and the sentence. */
function stateOf(now) {
  if (now.phase === "draining") return ["warn", "Shutting down", "It is shutting down. What it has accepted is answered; send nothing new."];
  if (now.phase === "starting") return ["wait", "Starting", "It is starting and reads its wordings. Nothing can be judged yet."];
  if (now.phase === "loading") return ["wait", "Loading models", `It loads its models (${now.percent} %). Until they are there, messages are judged by their words alone, and a human is asked to look.`];
  if (now.phase === "warming") return ["wait", "Warming up", "It warms its models up, so that the first message is answered as fast as the others. Messages are judged, but may wait for a moment."];
  if (now.degraded) return ["warn", "Degraded", "It answers with less than it should. Every answer made like that says so and asks for a human."];
  return ["good", "All is well", "All is well: every model answers."];
}

const timeline = table($("timeline"), "From the moment it listened until it was ready", ["Phase", "", "Began", "Took"]);
const parts = table($("parts"), "What is being loaded", ["Part", "State"]);

/** When each phase began and how long it took, drawn up to "ready", which has no end and is a mark at the end. */
function phases(now) {
  const steps = now.timeline;
  const ready = steps.find(({ phase }) => phase === "ready");
  const end = ready?.at_ms ?? now.uptime_ms;
  return steps.map(({ phase, at_ms }, i) => {
    const until = steps[i + 1]?.at_ms ?? now.uptime_ms;
    const isStart = phase !== "ready" && phase !== "draining";
    const span = isStart ? bar(at_ms / end, Math.min(1, until / end), null, "span") : bar(0.997, 1, "none", "span");
    const took = isStart ? (steps[i + 1] ? ms(until - at_ms) : `${ms(until - at_ms)}, goes on`) : steps[i + 1] ? lasting(until - at_ms) : `for\u00a0${lasting(until - at_ms)}`;
    return [PHASES[phase], span, ms(at_ms), took];
  });
}

/** What the warm-up found out; only what was measured. */
function coldStart({ warmup, phase, degraded_reasons }) {
  if (phase !== "ready" && phase !== "draining") return "Whether a cold start is left is measured when the models are warm.";
  if (warmup.error) return degraded_reasons.some((reason) => reason.includes(warmup.error)) ? "The warm-up did not succeed, for the reason above." : `The warm-up did not succeed: ${warmup.error}.`;
  if (warmup.first_request_ms == null) return "The pipeline was not warmed up: the first message may take longer than the others.";
  const spared = warmup.penalty_avoided_ms;
  const measured = `Measured: the first message after the warm-up took ${ms(warmup.first_request_ms)}, those that followed ${ms(warmup.steady_ms)}.`;
  const cold = spared > 0 ? ` The very first, before it, took ${ms(warmup.cold_request_ms)}; nobody had to wait for that.` : "";
  const live = warmup.first_live;
  const first = live ? ` The first one that somebody sent took ${ms(live.took_ms)}, where ${ms(live.expected_ms)} was to be expected${live.within ? "" : ": slower than promised"}.` : " Nobody has sent a first one yet that would show it.";
  return `Cold start eliminated: ${warmup.cold_start_eliminated ? "yes" : "no"}. ${measured}${cold}${first}`;
}

let lastState = "";

function showState(now) {
  const [tone, words, sentence] = stateOf(now);
  $("pill").dataset.tone = tone;
  say($("pill"), words);
  say($("state-lead"), sentence);
  document.title = `${words} · Ash-NLP`;
  const reasons = now.degraded ? now.degraded_reasons : [];
  const all = [words, ...reasons].join("; ");
  if (all !== lastState) announce(`The service: ${all}.`);
  lastState = all;
  show($("reasons"), reasons.length > 0);
  const shown = [...$("reasons").children].map((item) => item.textContent);
  if (reasons.join("\n") !== shown.join("\n")) $("reasons").replaceChildren(...reasons.map((reason) => el("li", {}, reason)));
  show($("parts"), now.phase === "loading" && now.parts.length > 0);
  parts(now.parts.map(({ name, state }) => [plain(name), { loading: "is being read", loaded: "is there", failed: "could not be loaded" }[state]]));
  facts($("facts"), [
    ["Ready for messages", now.ready ? "yes" : now.phase === "draining" ? "no longer" : "not yet"],
    ["Up for", lasting(now.uptime_ms)],
    ["Profile", now.profile ?? "not known yet"],
    ["Version", now.optimised ? now.version : `${now.version}, built for tests: slow`],
    ["Configuration", now.config_fingerprint ?? "not known yet"],
    ["Instructions", now.kernel],
  ]);
  timeline(phases(now));
  say($("cold"), coldStart(now));
  say($("about"), `Ash-NLP ${now.version}`);
}

/** What is said while nothing comes. */
const LOST = {
  gone: "The service does not answer.",
  silent: "The connection is there, but nothing comes.",
  full: "Too many dashboards are open, or the service is busy starting or stopping.",
  refused: "The service refused to be looked at.",
  draining: "The service has shut down.",
};
let lostSince = "";

function showLost(why, seconds) {
  if (!lostSince) {
    lostSince = clock();
    announce(`${LOST[why]} Trying again.`);
  }
  const known = lastState ? " Everything below is from before." : "";
  say($("lost-what"), `${LOST[why]} Since ${lostSince}.${known}`);
  say($("lost-next"), seconds > 0 ? `Trying again in ${seconds} s.` : "Trying again now.");
  show($("lost"), true);
  $("pill").dataset.tone = "bad";
  say($("pill"), "No connection");
  document.title = "No connection · Ash-NLP";
  document.body.classList.toggle("stale", lastState !== "");
}

/** While the service tells nothing without a key. */
function showLocked() {
  $("pill").dataset.tone = "wait";
  say($("pill"), "Needs a key");
  say($("state-lead"), "It tells nothing of itself without a key.");
  document.title = "Needs a key · Ash-NLP";
}

function showFound() {
  document.body.classList.remove("unknown");
  if (!lostSince) return;
  lostSince = "";
  lastState = "";
  show($("lost"), false);
  document.body.classList.remove("stale");
}
