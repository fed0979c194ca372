
// A verdict for a person: level, advice, the text with what was found in it, why, who said what, and where the time went.
const ADVICE = {
  none: "Nothing to do.",
  passive_monitoring: "Keep an eye on how the conversation goes.",
  standard_monitoring: "Look in when there is time.",
  priority_response: "A human should check in soon.",
  immediate_outreach: "A human should check in now.",
};
const KINDS = { risk: "danger or distress", protective: "help or a future", frame: "the kind of talk" };

/** The level in words, with as many of four bars as it is high. */
function badge(level) {
  const bars = [1, 2, 3, 4].map((n) => svg("rect", { class: n <= LEVELS.indexOf(level) ? "on" : "off", x: 6 * n - 6, y: 16 - 4 * n, width: 4, height: 4 * n }));
  return el("strong", { class: "badge", "data-level": level }, svg("svg", { width: 22, height: 16, "aria-hidden": "true" }, ...bars), level);
}

/** The text, cut where anything found begins or ends; what is found has the numbers of the list. */
function marked(text, evidence) {
  const edges = new Set([0, text.length]);
  for (const { span_utf16: { start, end } } of evidence) edges.add(Math.min(start, text.length)).add(Math.min(end, text.length));
  const cuts = [...edges].sort((a, b) => a - b);
  const quote = el("blockquote", { dir: "auto", tabindex: "0", role: "region", "aria-label": "The message with what was found in it" });
  for (let i = 0; i + 1 < cuts.length; i++) {
    const [from, to] = [cuts[i], cuts[i + 1]];
    const found = evidence.map((item, n) => [item, n + 1]).filter(([{ span_utf16: s }]) => s.start <= from && to <= s.end);
    const piece = text.slice(from, to);
    if (!found.length) { quote.append(piece); continue; }
    const ending = found.filter(([{ span_utf16: s }]) => s.end === to).map(([, n]) => n);
    const kind = ["risk", "protective", "frame"].find((name) => found.some(([item]) => item.polarity === name));
    const mark = el("mark", { "data-kind": kind }, piece);
    if (ending.length) mark.append(el("sup", {}, ending.join(",")));
    quote.append(mark);
  }
  return quote;
}

/** Where the time went, one stage after the other; models side by side after what they share. */
function waterfall(timing) {
  const rows = [];
  let at = 0;
  const step = (name, took) => { if (took > 0) rows.push([name, at, took]); at += took; };
  step(STAGES.cache, timing.cache_ms);
  step(STAGES.queue, timing.queue_ms);
  step(STAGES.normalise, timing.normalise_ms);
  step(STAGES.tokenise, timing.tokenise_ms);
  const begin = at;
  const { trunk, ...each } = timing.inference_ms;
  if (trunk != null) step("The models’ shared layers", trunk);
  for (const [name, took] of Object.entries(each)) rows.push([`Model ${plain(name)}`, at, took]);
  at = begin + timing.models_ms;
  step(STAGES.patterns, timing.patterns_ms);
  step(STAGES.decision, timing.decision_ms);
  const whole = Math.max(timing.total_ms, at, ...rows.map(([, from, took]) => from + took), 0.001);
  const drawn = rows.map(([name, from, took]) => [name, bar(from / whole, (from + took) / whole, null, "span"), ms(took)]);
  return [...drawn, [STAGES.total, bar(0, timing.total_ms / whole, "soft", "span"), ms(timing.total_ms)]];
}

function list(items) {
  return el("ul", {}, ...items.map((item) => el("li", {}, item)));
}

/** Everything of an answer of POST /analyze on the message `text`: what it says, and the figures behind it. */
function verdict(text, answer, took) {
  const part = (title, ...children) => [el("h3", {}, title), ...children];
  const level = answer.level;
  const figures = [];
  const words = [
    el("p", { class: "row" }, badge(level), el("span", {}, `score ${answer.crisis_score.toFixed(2)}, confidence ${answer.confidence_score.toFixed(2)}`)),
    el("p", { class: "advice" }, ADVICE[answer.recommended_action] ?? plain(answer.recommended_action)),
  ];
  if (answer.requires_staff_review) words.push(el("p", { class: "notice" }, "A person should look at this verdict, whatever the level."));
  if (answer.is_degraded) words.push(el("p", { class: "notice" }, "Made with less than there should be, for instance by the words alone. Do not rely on it."));
  if (answer.truncated) words.push(el("p", { class: "notice" }, "The message was longer than the models read: they saw its last part only."));
  words.push(marked(text, answer.evidence));

  const found = el("div");
  if (answer.evidence.length) {
    table(found, "Found in the words", ["What", "Speaks of", "Strength", "Probably meant", "Because"], true)(answer.evidence.map((item, n) => [
      `${n + 1}. ${item.words}`,
      KINDS[item.polarity] ?? item.polarity,
      item.strength.toFixed(2),
      percent(item.credence),
      item.cues.length ? item.cues.map(plain).join(", ") : "nothing says otherwise",
    ]));
  } else {
    found.append(el("p", { class: "small" }, "No wording was found that speaks for or against danger."));
  }
  words.push(found);

  const { summary, key_factors } = answer.explanation ?? { summary: answer.reasoning, key_factors: [] };
  words.push(...part("Why", el("p", {}, summary), list(key_factors)));

  const signals = el("div");
  const said = Object.entries(answer.signals);
  if (said.length) {
    table(signals, "How much danger each model sees, 0 to 1, and its most probable label", ["Model", "", "Danger", "Label"])(said.map(([name, signal]) => [
      plain(name), bar(0, signal.crisis_signal), signal.crisis_signal.toFixed(2), `${plain(signal.label)}, ${percent(signal.score)}`,
    ]));
  } else {
    signals.append(el("p", {}, "No model was asked, or none answered."));
  }
  figures.push(...part("What each model said", signals));

  const time = el("div");
  const known = { hit: "It was remembered from before.", coalesced: "The same message was just being judged for somebody else." }[answer.cache];
  const caption = `${known ? `${known} ` : ""}There and back, as this page saw it: ${ms(took)}.`;
  table(time, caption, ["Stage", "", "Took"])(waterfall(answer.timing));
  figures.push(...part("Where the time went", time));

  figures.push(el("details", {}, el("summary", {}, "The whole answer, as programs get it"), el("pre", { tabindex: "0" }, JSON.stringify(answer, null, 2))));
  return [el("div", {}, ...words), el("div", {}, ...figures)];
}
