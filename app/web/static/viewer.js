// Proofs beside what they prove: pictures grow, shrink and turn, all of a page together.

for (const viewer of document.querySelectorAll("[data-viewer]")) {
  let wide = 100;
  let turned = 0;
  const acts = {
    in: () => { wide = Math.min(wide + 50, 400); },
    out: () => { wide = Math.max(wide - 50, 50); },
    turn: () => { turned = (turned + 90) % 360; },
  };
  viewer.addEventListener("click", (event) => {
    const act = acts[event.target.closest?.("[data-view]")?.dataset.view];
    if (!act) return;
    act();
    show();
  });

  function show() {
    for (const frame of viewer.querySelectorAll(".viewer-frame")) {
      const picture = frame.querySelector("img");
      frame.style.width = `${wide}%`;
      // a picture on its side is as high as it was wide: the frame takes that height
      const aside = turned % 180 !== 0;
      frame.style.aspectRatio = aside ? `${picture.naturalHeight} / ${picture.naturalWidth}` : "auto";
      picture.style.width = aside ? `${(100 * picture.naturalWidth) / picture.naturalHeight}%` : "100%";
      picture.style.transform = `${aside ? "translate(-50%, -50%) " : ""}rotate(${turned}deg)`;
      frame.classList.toggle("aside", aside);
    }
  }
}
