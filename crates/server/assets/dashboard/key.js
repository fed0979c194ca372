
// The key, if the service asks for one: in memory, or in this tab's storage if that was ticked.
const key = { value: "", waiting: [] };
const KEPT = "ash-key";

/** What a browser forbids to keep is not kept. */
function kept(change) {
  try { return change(sessionStorage); } catch { return null; }
}

key.value = kept((store) => store.getItem(KEPT)) ?? "";
const authorization = () => (key.value ? { Authorization: `Bearer ${key.value}` } : {});

/** Shows where a key is asked for, and why; resolves when there is another one. `asked`: somebody just did something. */
function askForKey(why, asked = key.value !== "") {
  say($("key-why"), KEY_WORDS[why]);
  show($("key"), true);
  announce(why === "none" ? "This service asks for a key." : KEY_WORDS[why]);
  if (asked) $("key-value").focus();
  return new Promise((resolve) => key.waiting.push(resolve));
}

function useKey(value, keep) {
  key.value = value;
  kept((store) => (keep ? store.setItem(KEPT, value) : store.removeItem(KEPT)));
  show($("forget"), value !== "");
  show($("key"), false);
  for (const resolve of key.waiting.splice(0)) resolve();
}

show($("forget"), key.value !== "");
$("key-form").addEventListener("submit", (event) => {
  event.preventDefault();
  const value = $("key-value").value.trim();
  if (!value) return;
  // Names of headers and nothing else can be sent in a header.
  if (/[^\x21-\x7e]/.test(value)) return say($("key-why"), "A key has letters, digits and an underscore, and no blanks. Copy it again.");
  $("key-value").value = "";
  useKey(value, $("key-keep").checked);
  $("message").focus();
});
$("forget").addEventListener("click", () => {
  useKey("", false);
  announce("The key is forgotten.");
  location.reload();
});

/** What a refusal says of the key, for a person. */
const KEY_WORDS = {
  none: "What it knows of itself is shown to whoever has a key with the role read; to have a message judged takes analyze. Whoever runs it makes one with “ash-nlp keys add”.",
  wrong: "The service does not know this key, or no longer. Try another one.",
  read: "This key may not look at the service: that takes the role read. Try another one.",
  analyze: "This key may look, but not have messages judged: that takes the role analyze. Try another one.",
};
