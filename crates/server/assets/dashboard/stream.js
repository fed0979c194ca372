
// What the service says of itself, as it comes. fetch and not EventSource, which cannot show a key.
const SILENCE = 6000;
const HIDDEN = 60_000;
const pause = (time) => new Promise((resolve) => setTimeout(resolve, time));

/** Follows GET events for as long as the page is open. `told(event, data)`, `lost(why, seconds)`. */
async function follow(told, lost) {
  let failures = 0;
  for (;;) {
    await seen();
    const outcome = await once((event, data) => { failures = 0; told(event, data); });
    if (outcome.key) {
      await lost(outcome.key, null);
      failures = 0;
      continue;
    }
    // At once after an end that was told for the sake of new keys, or when nobody looked.
    if (outcome.again) continue;
    failures += 1;
    const seconds = outcome.after ?? Math.min(10, 2 ** (failures - 1));
    for (let left = seconds; left > 0; left--) {
      lost(outcome.why, left);
      await pause(1000);
    }
    lost(outcome.why, 0);
  }
}

/** One connection, to its end. */
async function once(told) {
  const stop = new AbortController();
  let patience = 0, silent = false, unseen = false;
  const listen = () => {
    clearTimeout(patience);
    patience = setTimeout(() => { silent = true; stop.abort(); }, SILENCE);
  };
  // A page in the background gives its place to others after a while.
  let away = 0;
  const turned = () => {
    clearTimeout(away);
    if (document.hidden) away = setTimeout(() => { unseen = true; stop.abort(); }, HIDDEN);
  };
  document.addEventListener("visibilitychange", turned);
  turned();
  try {
    listen();
    const answer = await fetch("events", { headers: { Accept: "text/event-stream", ...authorization() }, cache: "no-store", credentials: "omit", signal: stop.signal });
    if (answer.status === 401) return { key: key.value ? "wrong" : "none" };
    if (answer.status === 403) return { key: "read" };
    if (!answer.ok) return { why: answer.status === 503 ? "full" : "refused", after: Number(answer.headers.get("retry-after")) || 5 };
    told("open", null);
    let rest = "", why = null;
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return why === "keys" ? { again: true } : { why: why ?? "gone" };
      listen();
      const events = (rest + value).split("\n\n");
      rest = events.pop();
      for (const text of events) {
        const { event, data } = parsed(text);
        if (event === "end") why = data.why;
        if (event) told(event, data);
      }
    }
  } catch {
    return unseen ? { again: true } : { why: silent ? "silent" : "gone" };
  } finally {
    clearTimeout(patience);
    clearTimeout(away);
    document.removeEventListener("visibilitychange", turned);
    stop.abort();
  }
}

/** An event of its lines; comments have no name. */
function parsed(text) {
  const found = { event: "", data: "" };
  for (const line of text.split("\n")) {
    const at = line.indexOf(":");
    if (at > 0 && line.slice(0, at) in found) found[line.slice(0, at)] += line.slice(at + 1).trimStart();
  }
  return { event: found.event, data: found.data ? JSON.parse(found.data) : null };
}

/** Resolves when somebody looks at the page. */
function seen() {
  if (!document.hidden) return null;
  return new Promise((resolve) => {
    const turned = () => {
      if (document.hidden) return;
      document.removeEventListener("visibilitychange", turned);
      resolve();
    };
    document.addEventListener("visibilitychange", turned);
  });
}
