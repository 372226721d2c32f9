// Follows imports that are under way: asks how far each is, and writes the answer into the page.
// At the end the page comes anew, which told.js tells; not while somebody types, or has chosen files.
// Without this module the page reloads itself every few seconds (a <noscript> in its head).

const FIRST_MS = 700;
const LONGEST_MS = 4000;
const GIVE_UP_AFTER = 20;
const BUSY_MS = 500;

for (const place of document.querySelectorAll("[data-live]")) {
  follow(place);
}

async function follow(place) {
  let wait = FIRST_MS;
  let failures = 0;
  while (failures < GIVE_UP_AFTER) {
    await pause(wait);
    await seen();
    let now;
    try {
      const answer = await fetch(place.dataset.live, { headers: { Accept: "application/json" }, cache: "no-store" });
      if (answer.status === 401 || answer.status === 404) {
        location.reload();
        return;
      }
      if (!answer.ok) throw new Error(String(answer.status));
      now = await answer.json();
    } catch {
      failures += 1;
      wait = LONGEST_MS;
      continue;
    }
    failures = 0;
    show(place, now);
    if (now.ended) {
      while (busy()) await pause(BUSY_MS);
      note(place);
      location.reload();
      return;
    }
    wait = Math.min(wait * 1.15, LONGEST_MS);
  }
}

function show(place, now) {
  for (const bar of place.querySelectorAll("progress")) bar.value = now.share_bp;
  for (const text of place.querySelectorAll("[data-live-text]")) {
    const said = now.texts[text.dataset.liveText];
    if (said !== undefined && text.textContent !== said) text.textContent = said;
    if (text.dataset.liveText === "seconds_left") text.parentElement.hidden = said === "";
  }
  for (const stage of place.querySelectorAll("[data-live-stage]")) {
    const hidden = !stage.dataset.liveStage.split(" ").includes(now.stage);
    if (stage.hidden !== hidden) stage.hidden = hidden;
  }
}

// What came anew would be without the files that were chosen, and close what is open.
function busy() {
  const at = document.activeElement;
  if (document.querySelector("dialog:modal, details.popover[open]")) return true;
  if (at.matches("input, textarea") && at.value !== at.defaultValue && !/^(checkbox|radio|file)$/.test(at.type)) return true;
  return [...document.querySelectorAll("input[type=file]")].some((field) => field.files.length > 0);
}

// The page that comes says what has ended (told.js).
function note(place) {
  const what = place.querySelector("th a") ?? document.querySelector("h1");
  const told = `${what.textContent.trim()}. ${document.querySelector("meta[name=live-told]").content}`;
  dispatchEvent(new CustomEvent("kontor:ended", { detail: told }));
}

function pause(milliseconds) {
  return new Promise((done) => setTimeout(done, milliseconds));
}

// A page that nobody looks at asks nothing.
function seen() {
  if (document.visibilityState === "visible") return Promise.resolve();
  return new Promise((done) => document.addEventListener("visibilitychange", () => done(), { once: true }));
}
