// Readers that type for themselves (laser guns, RFID): fast keys ended by Enter. People leave 50 ms and more
// between keys, guns less than 20. A scan fills the next empty [data-scan] field; on other pages it is looked up.

const GAP_MS = 35;
const LEAST = 6;

export function watchScans() {
  let typed = "";
  let last = 0;
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    const field = event.target.closest?.("input, textarea, select, [contenteditable]");
    if (event.key === "Enter" || event.key === "Tab") {
      const scanned = event.timeStamp - last < GAP_MS && typed.length >= LEAST ? typed : "";
      typed = "";
      if (field?.matches("[data-scan]") && (event.key === "Enter" || scanned)) onward(event, field);
      else if (!field && scanned) take(event, scanned);
      return;
    }
    if (event.key.length !== 1) return;
    typed = event.timeStamp - last < GAP_MS ? typed + event.key : event.key;
    last = event.timeStamp;
  }, true);
}

// Enter in a scan field goes to the next empty one; in the last one it sends the form.
function onward(event, field) {
  const next = [...field.form.querySelectorAll("[data-scan]")].find((one) => one !== field && !one.value.trim());
  if (!next && event.key === "Enter") return;
  event.preventDefault();
  if (next) next.focus();
  else field.form.requestSubmit();
}

function take(event, scanned) {
  event.preventDefault();
  const empty = [...document.querySelectorAll("[data-scan]")].find((one) => !one.value.trim());
  if (empty) {
    empty.value = scanned;
    onward(event, empty);
    return;
  }
  const finder = document.querySelector("[data-scan-finder]");
  if (finder) location.assign(`${finder.dataset.scanFinder}?text=${encodeURIComponent(scanned)}`);
}
