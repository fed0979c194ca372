
// Two charts drawn by hand, at the width that they have: lines over fifteen minutes, and columns.
const SPAN = 15 * 60_000;
const ROOM = { left: 40, right: 74, top: 14, bottom: 24 };

/** Draws into `host` whenever it is told of data or its width changes. */
function chart(host, height, draw) {
  let data = null;
  const paint = () => {
    const width = host.clientWidth;
    if (!data || width < 80) return;
    const root = svg("svg", { width, height, viewBox: `0 0 ${width} ${height}`, role: "img" });
    root.setAttribute("aria-label", data.label);
    draw(root, data, width - ROOM.left - ROOM.right, height - ROOM.top - ROOM.bottom);
    host.replaceChildren(root);
  };
  new ResizeObserver(paint).observe(host);
  return (next) => { data = next; paint(); };
}

const place = (width) => (age) => ROOM.left + width * (1 - Math.min(age, SPAN) / SPAN);

function minutes(root, width, height) {
  for (const ago of width < 260 ? [15, 0] : [15, 10, 5, 0]) {
    const x = place(width)(ago * 60_000);
    root.append(svg("text", { x, y: ROOM.top + height + 18, "text-anchor": "middle" }, ago ? `${ago} min ago` : "now"));
  }
}

function rule(root, width, y, name, text, kind = "grid") {
  root.append(svg("line", { class: kind, x1: ROOM.left, x2: ROOM.left + width, y1: y, y2: y }));
  root.append(svg("text", { x: name ? ROOM.left + width + 6 : ROOM.left - 6, y: y + 4, "text-anchor": name ? "start" : "end", class: name }, text));
}

/** Lines of {name, points: [[age, ms or null], …]} over decades of milliseconds, with the target. */
function drawLines(root, { lines, target }, width, height) {
  const values = lines.flatMap((line) => line.points.map(([, y]) => y)).filter((y) => y != null);
  const low = Math.floor(Math.log10(Math.max(0.01, Math.min(target, ...values))));
  const high = Math.max(low + 1, Math.ceil(Math.log10(Math.max(target, ...values))));
  const y = (value) => ROOM.top + height * (1 - (Math.log10(Math.max(value, 0.01)) - low) / (high - low));
  for (let decade = low; decade <= high; decade++) rule(root, width, y(10 ** decade), "", `${count(10 ** decade)}`);
  minutes(root, width, height);
  if (!values.length) {
    root.append(svg("text", { x: ROOM.left + width / 2, y: ROOM.top + height / 2, "text-anchor": "middle" }, "Nothing measured yet"));
  }
  const ends = [{ y: y(target), text: `target ${target}`, name: "at-target" }];
  root.append(svg("line", { class: "target", x1: ROOM.left, x2: ROOM.left + width, y1: y(target), y2: y(target) }));
  for (const { name, points } of lines) {
    let path = "", gap = true;
    for (const [age, value] of points) {
      if (value != null) path += `${gap ? "M" : "L"}${place(width)(age).toFixed(1)} ${y(value).toFixed(1)}`;
      gap = value == null;
    }
    root.append(svg("path", { class: `line ${name}`, d: path }));
    const last = points.at(-1)?.[1];
    if (last != null) ends.push({ y: y(last), text: `${name} ${figure(last)}`, name });
  }
  // Names stand at the ends of their lines, and not over one another.
  ends.sort((a, b) => a.y - b.y);
  ends.forEach((end, i) => { if (i) end.y = Math.max(end.y, ends[i - 1].y + 14); });
  const over = Math.max(0, (ends.at(-1)?.y ?? 0) - (ROOM.top + height + 4));
  for (const end of ends) root.append(svg("text", { x: ROOM.left + width + 6, y: end.y - over + 4, class: end.name }, end.text));
}

/** Columns of {age, span, value, lesser}: how much, and how much of it was less than it should be. */
function drawColumns(root, { columns }, width, height) {
  const most = Math.max(...columns.map((column) => column.value), 0);
  const step = 10 ** Math.floor(Math.log10(most || 1));
  const top = [1, 2, 5, 10].map((n) => n * step).find((n) => n >= most) || 1;
  for (const part of [0, 0.5, 1]) {
    const value = top * part;
    rule(root, width, ROOM.top + height * (1 - part), "", value.toLocaleString("en", { maximumSignificantDigits: 2 }));
  }
  minutes(root, width, height);
  const column = (age, span, value, kind) => {
    const x = place(width)(age + span), tall = (height * value) / top;
    const wide = Math.max(1, place(width)(age) - x - 0.6);
    if (value > 0) root.append(svg("rect", { class: kind, x, y: ROOM.top + height - tall, width: wide, height: tall }));
  };
  for (const { age, span, value, lesser } of columns) {
    column(age, span, value, "column");
    column(age, span, lesser, "column lesser");
  }
}
