() => {
  const faults = new Set();
  const say = (what, element, more = "") =>
    faults.add(`${what}: ${name(element)}${more}`);
  const name = (element) => {
    const words = (element.getAttribute("aria-label") || element.textContent || "").trim().replace(/\s+/g, " ");
    return `<${element.tagName.toLowerCase()} ${element.className?.baseVal ?? element.className}> ${words.slice(0, 40)}`;
  };
  const isSeen = (element) => {
    const box = element.getBoundingClientRect();
    const style = getComputedStyle(element);
    return box.width > 1 && box.height > 1 && style.visibility !== "hidden" && style.clipPath === "none" && !element.closest(".unseen, details:not([open]) > :not(summary), [hidden]");
  };
  const isTouched = matchMedia("(pointer: coarse)").matches;
  const isChinese = document.documentElement.lang.startsWith("zh");
  const scrolls = (element) => {
    for (let one = element.parentElement; one; one = one.parentElement)
      if (["auto", "scroll", "hidden"].includes(getComputedStyle(one).overflowX)) return true;
    return false;
  };

  const width = document.documentElement.clientWidth;
  for (const element of document.querySelectorAll("body *")) {
    if (!isSeen(element) || element.closest("svg") !== null) continue;
    const box = element.getBoundingClientRect();
    if (box.right > width + 1 && !scrolls(element)) say("too wide", element, ` (${Math.round(box.right)} of ${width})`);
    const style = getComputedStyle(element);
    if (["hidden", "clip"].includes(style.overflowX) && element.scrollWidth > element.clientWidth + 2 && element.innerText && !element.title && !element.closest("[title]") && !element.matches(".map, .map *")) say("cut off", element);
  }
  for (const element of document.querySelectorAll("a[href], button, input:not([type=hidden]), select, textarea, summary")) {
    if (!isSeen(element) || element.matches(".cover") || element.closest(".map")) continue;
    const box = element.getBoundingClientRect();
    const least = element.matches(".button, button, select, summary, input:not([type=checkbox], [type=radio]), textarea, nav a") && isTouched && !element.matches(".link, .trail a") ? 36 : 24;
    const isInText = element.tagName === "A" && element.parentElement.textContent.trim() !== element.textContent.trim() && getComputedStyle(element).display === "inline";
    if ((box.height < least || box.width < 24) && !isInText && !element.matches(".check input"))
      say(`under ${least} px`, element, ` (${Math.round(box.width)}x${Math.round(box.height)})`);
  }
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const element = texts.currentNode.parentElement;
    const text = texts.currentNode.data.trim();
    if (!text || element.closest("script, style, .mono, [lang=en], code, pre, textarea")) continue;
    if (/\b(None|nan|NaN|undefined|null|Infinity)\b|\{\{|%\(/.test(text)) faults.add(`no words: ${text.slice(0, 60)}`);
    if (isChinese && /[A-Za-z]{3,}/.test(text.replace(/Enerfield|MQTT|Sparkplug B?|Modbus|OPC|HTTP|JSON|CSV|kWh|MWh|GWh|mg|COP|NOx|SO2|COD|PDF|XLSX|Excel|NFC|RFID|Ctrl|min/g, ""))) faults.add(`English: ${text.replace(/\d+/g, "#").slice(0, 60)}`);
  }
  if (document.querySelectorAll("h1").length !== 1) faults.add(`headings: ${document.querySelectorAll("h1").length} of the first level`);
  return [...faults];
}
