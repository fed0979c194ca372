
// Colours by the system or by choice, and everything that comes in, shown.
const THEMES = { "": "as your system", light: "light", dark: "dark" };
const THEME = "ash-colours";

function theme(name) {
  if (name) document.documentElement.dataset.theme = name;
  else delete document.documentElement.dataset.theme;
  say($("theme"), `Colours: ${THEMES[name]}`);
}

let chosen = "";
try { chosen = localStorage.getItem(THEME) ?? ""; } catch { /* then it is as the system */ }
theme(chosen in THEMES ? chosen : "");
$("theme").addEventListener("click", () => {
  const names = Object.keys(THEMES);
  chosen = names[(names.indexOf(chosen) + 1) % names.length];
  theme(chosen);
  try { localStorage.setItem(THEME, chosen); } catch { /* it is forgotten with this page */ }
});

follow(
  (event, data) => {
    // Every connection begins with the whole past; that of another process is another past.
    if (event === "open") points = [];
    if (event !== "now") return;
    showFound();
    showState(data);
    showFigures(data);
  },
  (why, seconds) => {
    if (why in KEY_WORDS) {
      showLocked();
      return askForKey(why);
    }
    return showLost(why, seconds);
  },
);
