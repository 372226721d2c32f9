// A form that shows what it means while somebody fills it in: what the server answers is put beside it. Without this
// module the preview is what stood there when the page came.

const WAIT_MS = 300;

for (const frame of document.querySelectorAll("[data-preview-of]")) {
  const form = frame.querySelector("form");
  const place = frame.querySelector("[data-preview]");
  let timer;
  let asked = 0;
  form.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(ask, WAIT_MS);
  });

  async function ask() {
    const mine = ++asked;
    const answer = await fetch(frame.dataset.previewOf, { method: "POST", body: new FormData(form) });
    if (!answer.ok || mine !== asked) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    place.replaceChildren(...page.body.childNodes);
  }
}
