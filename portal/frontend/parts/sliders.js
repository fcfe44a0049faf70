// What a slider stands at is said beside it while it moves; without a script the first value stands there.
export function watchSliders() {
  document.addEventListener("input", ({ target }) => {
    const shown = target.type === "range" && target.parentElement.querySelector("output[data-shows]");
    if (shown) shown.textContent = `${target.value} ${shown.dataset.shows}`;
  });
}
