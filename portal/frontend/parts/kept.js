// What was typed into a form that the server sends back to its page with a refusal stands there again.
// Forms that the server draws again itself (portal/forms.py) need none of this. Passwords and files are not kept.
const PLACE = "enerfield.typed";
const WITHIN_MS = 600_000;

export function watchForms() {
  bringBack();
  document.addEventListener("submit", ({ target: form }) => {
    if (form.method !== "post" || form.hasAttribute("hx-post")) return;
    const typed = fields(form).filter((one) => one.type !== "hidden").map((one) => [one.name, one.type, one.value, one.checked ?? false]);
    if (!typed.length) return sessionStorage.removeItem(PLACE);
    sessionStorage.setItem(PLACE, JSON.stringify({ at: Date.now(), page: location.pathname, action: form.getAttribute("action") ?? "", typed }));
  });
}

function bringBack() {
  const said = sessionStorage.getItem(PLACE);
  sessionStorage.removeItem(PLACE);
  if (!said || !document.querySelector("[data-flash='act']")) return;
  const { at, page, action, typed } = JSON.parse(said);
  if (page !== location.pathname || Date.now() - at > WITHIN_MS) return;
  const form = [...document.forms].find((one) => (one.getAttribute("action") ?? "") === action && typed.every(([name]) => one.elements.namedItem(name)));
  if (!form) return;
  const left = [...typed];
  for (const one of fields(form)) {
    const place = left.findIndex(([name, type, value]) => name === one.name && type === one.type && (!isBox(one) || value === one.value));
    if (place < 0) continue;
    const [, , value, isChecked] = left.splice(place, 1)[0];
    if (isBox(one)) one.checked = isChecked;
    else one.value = value;
  }
  for (let above = form.closest("details"); above; above = above.parentElement.closest("details")) above.open = true;
}

function fields(form) {
  return [...form.elements].filter((one) => one.name && !["password", "file", "submit", "button"].includes(one.type));
}

function isBox(one) {
  return one.type === "checkbox" || one.type === "radio";
}
