// A field that finds one of many as one types (portal/picking.py): the combobox of the ARIA practices.
// htmx asks for the list; here it is opened, walked through by keys, and what is chosen is put into the hidden field.

export function watchPickers() {
  document.addEventListener("htmx:afterSwap", ({ target }) => target.matches?.(".picker ul") && open(target));
  document.addEventListener("input", ({ target }) => field(target) && choice(target).value && (choice(target).value = ""));
  document.addEventListener("keydown", (event) => field(event.target) && pressed(event));
  document.addEventListener("focusin", ({ target }) => field(target) && target.select());
  document.addEventListener("focusout", ({ target }) => field(target) && close(target));
  document.addEventListener("pointerdown", (event) => event.target.closest(".picker [role=option]") && event.preventDefault());
  document.addEventListener("click", ({ target }) => {
    const option = target.closest(".picker [role=option]");
    if (option) choose(option);
  });
}

const field = (element) => (element.matches?.(".picker [role=combobox]") ? element : null);
const choice = (input) => input.parentElement.querySelector("input[type=hidden]");
const list = (input) => document.getElementById(input.getAttribute("aria-controls"));
const options = (input) => [...list(input).querySelectorAll("[role=option]")];

function open(found) {
  const input = found.parentElement.querySelector("[role=combobox]");
  if (document.activeElement !== input) return;
  found.hidden = false;
  input.setAttribute("aria-expanded", "true");
  point(input, null);
  input.parentElement.querySelector("[role=status]").textContent = found.querySelector("[data-said]").textContent;
}

function close(input) {
  list(input).hidden = true;
  input.setAttribute("aria-expanded", "false");
  input.removeAttribute("aria-activedescendant");
}

function pressed(event) {
  const input = event.target;
  const all = options(input);
  const at = all.findIndex((one) => one.id === input.getAttribute("aria-activedescendant"));
  const isOpen = !list(input).hidden;
  if (event.key === "ArrowDown" && !isOpen) input.dispatchEvent(new Event("picker:open"));
  else if (event.key === "ArrowDown") point(input, all[(at + 1) % all.length]);
  else if (event.key === "ArrowUp" && isOpen) point(input, all.at(at <= 0 ? -1 : at - 1));
  else if (event.key === "Enter" && isOpen && at >= 0) choose(all[at]);
  else if (event.key === "Escape" && isOpen) close(input);
  else return;
  event.preventDefault();
}

function point(input, option) {
  for (const one of options(input)) one.setAttribute("aria-selected", String(one === option));
  if (!option) return input.removeAttribute("aria-activedescendant");
  input.setAttribute("aria-activedescendant", option.id);
  option.scrollIntoView({ block: "nearest" });
}

function choose(option) {
  const input = option.closest(".picker").querySelector("[role=combobox]");
  const { value, words } = option.dataset;
  if (input.dataset.several !== undefined) add(input, value, words);
  else [choice(input).value, input.value] = [value, words];
  close(input);
}

// Of several each chosen one gets a box of its own, which unticks it again.
function add(input, value, words) {
  const chosen = input.closest(".field").querySelector(".checks");
  input.value = "";
  if ([...chosen.querySelectorAll("input")].some((one) => one.value === value)) return;
  const row = document.createElement("label");
  row.className = "check";
  const box = Object.assign(document.createElement("input"), { type: "checkbox", name: input.dataset.several, value, checked: true });
  row.append(box, words);
  chosen.append(row);
}
