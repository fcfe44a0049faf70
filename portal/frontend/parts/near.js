// Nearest first: the browser's place is asked for when somebody presses the button, and never before.

export function watchNear() {
  if (!navigator.geolocation) return;
  for (const button of document.querySelectorAll("[data-near]")) {
    button.hidden = false;
    button.addEventListener("click", () => ask(button));
  }
}

function ask(button) {
  button.disabled = true;
  navigator.geolocation.getCurrentPosition(
    ({ coords }) => {
      const target = new URL(button.dataset.near, location.href);
      target.searchParams.set("lon", coords.longitude.toFixed(6));
      target.searchParams.set("lat", coords.latitude.toFixed(6));
      location.assign(target);
    },
    () => {
      button.disabled = false;
      document.querySelector("[data-near-said]").textContent = button.dataset.denied;
    },
    { enableHighAccuracy: true, timeout: 10000, maximumAge: 60000 },
  );
}
