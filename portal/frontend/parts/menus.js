// Menus are <details>: they open without scripts. Scripts close them (outside click, Escape), and filter long ones.

export function watchMenus() {
  for (const here of document.querySelectorAll(":is(.tabs, .segments) [aria-current]")) {
    const strip = here.parentElement;
    if (here.offsetLeft + here.offsetWidth > strip.offsetLeft + strip.clientWidth) strip.scrollLeft = here.offsetLeft - strip.offsetLeft - 24;
  }
  document.addEventListener("click", (event) => {
    for (const menu of document.querySelectorAll("details[data-menu][open]")) {
      if (!menu.contains(event.target)) menu.open = false;
    }
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") closeInnermost(event);
    if (event.key === "/" && !event.target.closest?.("input, textarea, select, [contenteditable]")) {
      const search = document.querySelector("[data-search]");
      if (search?.offsetParent) {
        event.preventDefault();
        search.focus();
      }
    }
  });
  document.addEventListener("toggle", (event) => {
    const menu = event.target;
    if (!menu.matches?.("details[data-menu]") || !menu.open) return;
    for (const other of document.querySelectorAll("details[data-menu][open]")) {
      if (other !== menu && !other.contains(menu)) other.open = false;
    }
    menu.querySelector("[data-filter]")?.focus();
  }, true);
  document.addEventListener("input", (event) => {
    if (event.target.matches?.("[data-filter]")) filter(event.target, event.target.closest(".drop"));
    if (event.target.matches?.("[data-list-filter]")) filter(event.target, document.getElementById(event.target.dataset.listFilter));
  });
  document.addEventListener("change", (event) => {
    if (event.target.matches?.("[data-send]")) event.target.form.requestSubmit();
  });
}

function closeInnermost(event) {
  const open = [...document.querySelectorAll("details[data-menu][open]")].pop();
  if (!open) return;
  event.preventDefault();
  open.open = false;
  open.querySelector("summary").focus();
}

function filter(field, list) {
  const wanted = field.value.trim().toLowerCase();
  for (const item of list.querySelectorAll("[data-text]")) {
    item.hidden = !item.dataset.text.toLowerCase().includes(wanted);
  }
  list.classList.toggle("is-empty", !list.querySelector("[data-text]:not([hidden])"));
}
