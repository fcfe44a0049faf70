"""Hardware that a browser without a phone lacks, put before a page's own scripts."""

NFC = """
window.NDEFReader = class {
  async scan() {
    const data = new DataView(new TextEncoder().encode("%s").buffer);
    const message = { records: [{ recordType: "url", data }] };
    setTimeout(() => this.onreading({ serialNumber: "04:a2", message }), 200);
  }
};
"""

DARK_CAMERA = """
navigator.mediaDevices.getUserMedia = async () => {
  const wall = Object.assign(document.createElement("canvas"), { width: 1280, height: 720 });
  const paint = wall.getContext("2d");
  setInterval(() => { paint.fillStyle = "#030303"; paint.fillRect(0, 0, 1280, 720); }, 33);
  return wall.captureStream(30);
};
"""

WATCHED_CAMERA = """
window.watched = [];
const open = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
navigator.mediaDevices.getUserMedia = async (asked) => {
  const stream = await open(asked);
  watched.push(...stream.getTracks());
  return stream;
};
"""

NO_CAMERA = """
navigator.mediaDevices.getUserMedia = async () => { throw new DOMException("no", "NotAllowedError"); };
"""

CLOCK = """
(() => {
  const Real = Date;
  const ahead = () => Number(localStorage.getItem("ahead_ms") ?? %d);
  window.Date = class extends Real {
    constructor(...given) { if (given.length) super(...given); else super(Real.now() + ahead()); }
    static now() { return Real.now() + ahead(); }
  };
})();
"""
"""A clock that is ahead [ms], and jumps when `localStorage.ahead_ms` says so; the monotonic one goes on."""
