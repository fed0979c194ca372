
// The figures: speed, what came in, queue, caches, models, alerts.
const SHED = { full: "the queue was full", late: "they would have waited too long", models_down: "no model answered", starting: "the models were not loaded yet" };
const STAGES = { queue: "Waiting", normalise: "Cleaning the text", cache: "Looking whether it is known", tokenise: "Cutting it into tokens", inference: "The models", patterns: "Looking for wordings", decision: "Deciding", total: "All together" };
const DRIFT = {
  steady: "As fast as the warm-up promised",
  slower: "Slower than the warm-up promised",
  faster: "Faster than in the warm-up, which must have been disturbed",
  unknown: "Too few messages in the last five minutes to compare them with the warm-up",
};

const speedChart = chart($("speed-chart"), 240, drawLines);
const rateChart = chart($("rate-chart"), 180, drawColumns);
const speedTable = table($("speed-table"), "Percentiles of the minute before, in milliseconds, and verdicts in that minute", ["When", "p50", "p95", "p99", "Verdicts"]);
const rateTable = table($("rate-table"), "Messages by minute", ["When", "Messages", "A second", "Less than it should be"]);
const levels = table($("levels"), "Verdicts by level", ["Level", "", "15 minutes", "Since the start"]);
const stages = table($("stages"), "Each stage of the way in the last fifteen minutes", ["Stage", "", "Half at most", "95 of 100 at most"]);
const caches = table($("caches"), "What is remembered", ["What", "Found", "Entries", "Size"]);
const models = table($("models"), "What each model contributes, takes and missed", ["Model", "State", "Say in a verdict", "Loaded in", "First, then steady", "Half at most", "95 of 100 at most", "Messages", "Errors"], true);
const webhooks = table($("webhooks"), "Each webhook", ["Webhook", "Waiting", "Sent"]);

/** Points of the last fifteen minutes, the newest last. */
let points = [];

function showFigures(now) {
  const age = (point) => now.uptime_ms - point.at_ms;
  points = [...points, ...now.points].filter((point) => age(point) <= SPAN);
  if (now.speed) showSpeed(now.speed, age);
  if (now.counts) showCame(now, age);
  showQueue(now);
  showModels(now);
  showAlerts(now.alerts);
}

/** One row a minute of the points, the newest first. */
function byMinute(age, row) {
  const rows = [];
  for (let minute = 0; minute < 15; minute++) {
    const of = points.filter((point) => Math.floor(age(point) / 60_000) === minute);
    if (of.length) rows.push([minute ? `${minute} min ago` : "now", ...row(of)]);
  }
  return rows;
}

const sum = (of, value) => of.reduce((all, point) => all + value(point), 0);

function showSpeed({ target_ms, within_target, last_1m, last_15m, stages: by, drift, first_request_ms, later_median_ms }, age) {
  const { p50_ms, p95_ms, p99_ms } = last_15m;
  facts($("speed-tiles"), [
    ["Half at most (p50)", ms(p50_ms)],
    ["95 of 100 at most", ms(p95_ms)],
    ["99 of 100 at most", ms(p99_ms)],
    [`Within the target of ${ms(target_ms)}`, percent(within_target.last_15m)],
  ]);
  const lines = ["p50", "p95", "p99"].map((name) => ({ name, points: points.map((point) => [age(point), point[`${name}_ms`]]) }));
  const label = last_1m.count
    ? `Latency over fifteen minutes. In the last minute half of ${some(last_1m.count, "verdict")} took at most ${ms(last_1m.p50_ms)}, 95 of 100 at most ${ms(last_1m.p95_ms)}, 99 of 100 at most ${ms(last_1m.p99_ms)}; the target is ${ms(target_ms)}.`
    : `Latency over fifteen minutes. Nothing in the last minute; the target is ${ms(target_ms)}.`;
  speedChart({ lines, target: target_ms, label });
  if ($("speed-more").open) speedTable(byMinute(age, (of) => [...["p50_ms", "p95_ms", "p99_ms"].map((name) => figure(of.at(-1)[name])), count(sum(of, (p) => p.answered))]));
  const ratio = drift.ratio == null ? "" : ` (${drift.ratio.toFixed(2)} times, by ${drift.samples === 1 ? "one batch" : `${count(drift.samples)} batches`})`;
  const first = first_request_ms == null ? "" : ` The first message since the start took ${ms(first_request_ms)}${later_median_ms == null ? "" : `, half of the later ones at most ${ms(later_median_ms)}`}.`;
  say($("drift"), `${DRIFT[drift.verdict]}${ratio}.${first}`);
  const most = Math.max(...Object.values(by).map((stage) => stage.p95_ms ?? 0), 0.001);
  stages(Object.entries(by).map(([name, stage]) => [STAGES[name] ?? name, bar(0, (stage.p50_ms ?? 0) / most, name === "total" ? "soft" : null), ms(stage.p50_ms), ms(stage.p95_ms)]));
}

function showCame({ counts, speed }, age) {
  const columns = points.map((point) => {
    const seconds = point.span_ms / 1000;
    return { age: age(point), span: point.span_ms, value: point.answered / seconds, lesser: point.degraded / seconds };
  });
  const recent = sum(points, (point) => point.answered);
  const minute = points.filter((point) => age(point) <= 60_000);
  const time = sum(minute, (point) => point.span_ms) / 1000;
  const rate = time ? sum(minute, (point) => point.answered) / time : 0;
  rateChart({ columns, label: `Messages a second over fifteen minutes: ${some(recent, "message")}, ${rate.toFixed(1)} a second in the last minute.` });
  if ($("rate-more").open) rateTable(byMinute(age, (of) => {
    const came = sum(of, (p) => p.answered), seconds = sum(of, (p) => p.span_ms) / 1000;
    return [count(came), (came / seconds).toFixed(1), count(sum(of, (p) => p.degraded))];
  }));
  const byLevel = LEVELS.map((_, i) => sum(points, (point) => point.levels[i]));
  levels(LEVELS.map((level, i) => {
    const share = recent ? byLevel[i] / recent : 0;
    return [level, bar(0, share, level), recent ? `${count(byLevel[i])}\u00a0(${percent(share)})` : "0", count(counts.levels[level] ?? 0)];
  }));
  const total = counts.requests.total;
  show($("none-yet"), total === 0);
  say($("none-how"), `curl -s ${location.origin}/analyze -d '{"message": "hello there"}'`);
  const errors = counts.errors;
  const wrong = errors.server_errors + errors.handler_panics + errors.worker_panics;
  say($("lesser"), total === 0 ? "" : `${some(total, "verdict")} since the start; ${rate.toFixed(1)} a second in the last minute. Less than they should be, marked as such: ${count(counts.degraded_answers)}. Errors of the service: ${count(wrong)}. Within the target since the start: ${percent(speed.within_target.lifetime)}.`);
}

function showQueue({ queue, counts, cache }) {
  if (queue) facts($("queue"), [
    ["Being judged", count(queue.active)],
    ["Waiting", count(queue.queued)],
    ["The oldest for", queue.oldest_age_ms == null ? "none waits" : ms(queue.oldest_age_ms)],
    ["Room", `${percent(Math.max(0, 1 - queue.queued_tokens / queue.capacity))} free`],
  ]);
  const shed = Object.entries(counts?.shed ?? {}).filter(([, n]) => n > 0);
  say($("shed"), shed.length
    ? `Judged by their words alone, and marked so: ${shed.map(([why, n]) => `${count(n)} because ${SHED[why] ?? plain(why)}`).join("; ")}.`
    : "Nothing had to be judged by its words alone for want of room or time.");
  if (!cache) return;
  const row = (name, { hits, misses, coalesced, entries, bytes: size }) => {
    const asked = hits + misses + coalesced;
    return [name, asked ? `${percent((hits + coalesced) / asked)} of ${count(asked)}` : "nothing yet", count(entries), bytes(size)];
  };
  caches([row("Verdicts", cache.assessments), row("Answers of models", cache.inference)]);
}

function showModels(now) {
  models(now.models.map((model) => [
    plain(model.name),
    model.loaded ? "answers" : `missing: ${model.error ?? "not loaded"}`,
    model.weight == null ? "as the others" : percent(model.weight),
    model.load_ms ? ms(model.load_ms) : "with the program",
    model.warmup_first_ms == null ? "not measured" : `${ms(model.warmup_first_ms)}, then ${ms(model.warmup_steady_ms)}`,
    ms(model.latency.p50_ms),
    ms(model.latency.p95_ms),
    count(model.requests),
    count(model.errors),
  ]));
}

function showAlerts(alerts) {
  show($("alerts"), alerts != null);
  show($("try-alerts"), alerts != null);
  if (!alerts) return;
  const memory = alerts.waiting_in_memory ? ` ${count(alerts.waiting_in_memory)} of them are only in memory.` : "";
  const age = alerts.oldest_age_seconds == null ? "" : ` The oldest has waited for ${lasting(alerts.oldest_age_seconds * 1000)}.`;
  const outbox = alerts.outbox === "ok" ? "" : ` The outbox cannot be written (${alerts.outbox}).`;
  say($("alerts-lead"), alerts.waiting ? `To be told: ${some(alerts.waiting, "alert")}.${age}${memory}${outbox}` : `No alert waits.${outbox}`);
  webhooks(Object.entries(alerts.webhooks).map(([name, hook]) => [name, count(hook.waiting), count(hook.sent)]));
}
