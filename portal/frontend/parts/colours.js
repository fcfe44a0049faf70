// The tokens as plain colours, for canvases that cannot read CSS variables.

export function colours(element) {
  const styles = getComputedStyle(element);
  const probe = document.createElement("span");
  element.append(probe);
  const read = (name) => {
    probe.style.color = `var(${name})`;
    return getComputedStyle(probe).color;
  };
  const look = {
    font: styles.fontFamily, ink: read("--ink"), ink2: read("--ink-2"), ink3: read("--ink-3"), line: read("--line"), strong: read("--line-strong"),
    raised: read("--raised"), good: read("--good"), attention: read("--attention"), act: read("--act"),
    sea: read("--map-sea"), land: read("--map-land"), block: read("--map-block"), park: read("--map-park"), street: read("--map-street"), shore: read("--map-shore"),
    accent: read("--accent"), soft: read("--accent-soft"), surface: read("--surface"),
  };
  const carriers = Object.fromEntries(["electricity", "heat", "cooling", "gas", "water", "steam", "fuel", "environment"].map((name) => [name, read(`--${name}`)]));
  probe.remove();
  look.carrier = (name) => (name === "actual" ? look.ink : (carriers[name] ?? look.accent));
  return look;
}
