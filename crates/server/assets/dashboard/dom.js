
// Elements, tables with bars, and figures in words. Text becomes part of the page by textContent alone.
const $ = (id) => document.getElementById(id);
const SVG = "http://www.w3.org/2000/svg";
const LEVELS = ["none", "low", "medium", "high", "critical"];

/** An element with attributes and children; strings become text. */
function el(name, attributes = {}, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) if (value != null) node.setAttribute(key, value);
  node.append(...children);
  return node;
}

/** The same in SVG. */
function svg(name, attributes = {}, ...children) {
  const node = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  node.append(...children);
  return node;
}

/** Changes a text only if it is another: what a person reads or has selected stays. */
function say(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

function show(node, visible) {
  if (node.hidden === visible) node.hidden = !visible;
}

/** A definition list of [term, text] pairs, changed in place. */
function facts(list, pairs) {
  while (list.children.length > pairs.length) list.lastElementChild.remove();
  pairs.forEach(([term, text], i) => {
    const group = list.children[i] ?? list.appendChild(el("div", {}, el("dt"), el("dd")));
    say(group.children[0], term);
    say(group.children[1], text);
  });
}

/** The part of a whole from `from` to `to`, 0 to 1, for a cell; never the only thing that tells it. */
const bar = (from, to, tone, kind = "bar") => ({ from, to, tone, kind });

/**
 * A table that is changed in place. Columns are names; a column named "" is for bars, of which its neighbour tells the
 * figure. The first cell of a row is its heading. Where the page is narrow, bars go below their rows, and `stack` makes
 * each row a card.
 */
function table(host, caption, columns, stack = false) {
  const heads = columns.map((name) => el("th", { scope: "col", role: "columnheader" }, name || el("span", { class: "unseen" }, "bar")));
  const body = el("tbody", { role: "rowgroup" });
  const head = el("thead", { role: "rowgroup" }, el("tr", { role: "row" }, ...heads));
  const kind = stack ? "stack" : columns.includes("") ? "bars" : null;
  host.append(el("table", { role: "table", class: kind }, el("caption", {}, caption), head, body));
  const cell = (name, i) => i === 0
    ? el("th", { scope: "row", role: "rowheader" })
    : el("td", { role: "cell", class: name ? null : "track", "data-label": name || null });
  const shown = new WeakMap();
  return (rows) => {
    while (body.children.length > rows.length) body.lastElementChild.remove();
    rows.forEach((row, i) => {
      const line = body.children[i] ?? body.appendChild(el("tr", { role: "row" }, ...columns.map(cell)));
      row.forEach((content, j) => fill(line.children[j], content, shown));
    });
  };
}

function fill(node, content, shown) {
  if (typeof content === "string") return say(node, content);
  if (!shown.has(node)) {
    const inner = el("i");
    node.replaceChildren(el("span", { class: content.kind, "aria-hidden": "true" }, inner));
    shown.set(node, inner);
  }
  const inner = shown.get(node);
  inner.style.left = `${100 * content.from}%`;
  inner.style.width = `${100 * Math.max(0, content.to - content.from)}%`;
  if (content.tone) inner.dataset.tone = content.tone;
}

const whole = new Intl.NumberFormat("en");
const count = (n) => whole.format(n);
const some = (n, thing) => `${count(n)} ${thing}${n === 1 ? "" : "s"}`;

function ms(value) {
  if (value == null) return "not measured";
  if (value === 0) return "0\u00a0ms";
  if (value >= 10_000) return `${(value / 1000).toFixed(0)}\u00a0s`;
  if (value >= 1000) return `${(value / 1000).toFixed(1)}\u00a0s`;
  return `${value.toFixed(Number.isInteger(value) ? 0 : value < 1 ? 2 : value < 100 ? 1 : 0)}\u00a0ms`;
}

/** Milliseconds where the unit is said elsewhere. */
const figure = (value) => (value == null ? "none" : value < 10 ? value.toFixed(1) : count(Math.round(value)));

function percent(share, none = "nothing yet") {
  if (share == null || Number.isNaN(share)) return none;
  const value = 100 * share;
  return `${value > 0 && value < 1 ? "under 1" : value > 99 && value < 100 ? (Math.floor(10 * value) / 10).toFixed(1) : value.toFixed(0)}\u00a0%`;
}

function bytes(n) {
  if (n < 1024) return `${n} B`;
  return n < 1024 * 1024 ? `${(n / 1024).toFixed(0)} KiB` : `${(n / 1024 / 1024).toFixed(1)} MiB`;
}

function lasting(milliseconds) {
  const minutes = Math.floor(milliseconds / 60_000);
  if (minutes < 1) return `${Math.floor(milliseconds / 1000)}\u00a0s`;
  if (minutes < 60) return `${minutes}\u00a0min`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h ${minutes % 60} min` : `${Math.floor(hours / 24)} days`;
}

const clock = () => new Date().toLocaleTimeString("en-GB");
const plain = (word) => word.replaceAll("_", " ");

/** For who cannot see the page: what has changed, once. */
const announce = (text) => say($("said"), text);
