/** The browser's offer to install the app, kept until somebody wants it. It comes once, early. */

export const installer: { offered: (Event & { prompt: () => Promise<void> }) | null } = { offered: null };

addEventListener("beforeinstallprompt", (event) => {
  event.preventDefault();
  installer.offered = event as typeof installer.offered;
});
