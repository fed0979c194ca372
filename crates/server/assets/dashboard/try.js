
// The box in which a message is tried. Its text is in this page and in one request, and nowhere else.
let asking = false;
// How often the text was cleared: what was asked before shows nothing any more.
let cleared = 0;

function tryError(text) {
  say($("try-error"), text);
  show($("try-error"), text !== "");
  if (text) announce(text);
}

/** What to tell of an answer that is no verdict. */
async function refusal(answer) {
  if (answer.status === 401 || answer.status === 403) {
    const why = answer.status === 403 ? "analyze" : key.value ? "wrong" : "none";
    askForKey(why, true).then(() => tryError(""));
    return "To have a message judged takes a key with the role analyze, see above. Then ask again.";
  }
  const said = await answer.json().then((body) => body.error.message, () => "");
  return `The service gave no verdict (${answer.status}${said ? `: ${said}` : ""}).`;
}

async function ask(text) {
  tryError("");
  const begin = performance.now(), then = cleared;
  let answer;
  try {
    answer = await fetch("analyze", {
      method: "POST",
      headers: { "Content-Type": "application/json", ...authorization() },
      body: JSON.stringify({ message: text, verbosity: "detailed" }),
      cache: "no-store",
      credentials: "omit",
      referrerPolicy: "no-referrer",
    });
    if (!answer.ok) return tryError(await refusal(answer));
    const body = await answer.json();
    if (then !== cleared) return;
    $("verdict-parts").replaceChildren(...verdict(text, body, performance.now() - begin));
    show($("verdict"), true);
    announce(`Verdict: ${body.level}, score ${body.crisis_score.toFixed(2)}. ${ADVICE[body.recommended_action] ?? ""}`);
  } catch {
    tryError(answer ? "The answer could not be shown. Load this page again: it may be of another version." : "The service does not answer. Your text is still here; try again when it is back.");
  }
}

async function submitted(event) {
  event.preventDefault();
  const text = $("message").value;
  if (asking) return;
  if (!text.trim()) return tryError("Write a message first.");
  asking = true;
  // Not `disabled`: that would take the focus from whoever uses the keyboard.
  $("send").setAttribute("aria-disabled", "true");
  show($("verdict"), false);
  await ask(text);
  $("send").removeAttribute("aria-disabled");
  asking = false;
}

$("try").addEventListener("submit", submitted);
$("message").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) $("try").requestSubmit();
});
$("clear").addEventListener("click", () => {
  cleared += 1;
  $("message").value = "";
  $("verdict-parts").replaceChildren();
  show($("verdict"), false);
  tryError("");
  $("message").focus();
});
for (const button of document.querySelectorAll("[data-example]")) {
  button.addEventListener("click", () => {
    $("message").value = button.dataset.example;
    $("message").focus();
  });
}
