/** The camera: opened when looked through, closed when not, at most ten pictures a second to the worker. */

const LENS = "field-lens";
const EVERY_MS = 100;

export interface Seen {
  text: string | null;
  light: number;
}

export class Camera {
  #video: HTMLVideoElement;
  #onSeen: (seen: Seen) => void;
  #worker: Worker | null = null;
  #stream: MediaStream | null = null;
  #isBusy = false;
  #last = 0;
  #isOpen = false;

  constructor(video: HTMLVideoElement, onSeen: (seen: Seen) => void) {
    this.#video = video;
    this.#onSeen = onSeen;
  }

  /** Start looking; throws what getUserMedia throws. */
  async open(lens = localStorage.getItem(LENS)): Promise<void> {
    this.close();
    this.#isOpen = true;
    this.#worker ??= startWorker();
    this.#worker.onmessage = ({ data }: MessageEvent<Seen>) => {
      this.#isBusy = false;
      if (this.#isOpen) this.#onSeen(data);
    };
    const video: MediaTrackConstraints = { facingMode: { ideal: "environment" }, width: { ideal: 1280 }, height: { ideal: 720 } };
    const stream = await navigator.mediaDevices.getUserMedia({ audio: false, video: lens ? { ...video, deviceId: { ideal: lens } } : video });
    if (!this.#isOpen) return stop(stream);
    this.#stream = stream;
    this.#video.srcObject = stream;
    await this.#video.play();
    this.#next();
  }

  close(): void {
    this.#isOpen = false;
    if (this.#stream) stop(this.#stream);
    this.#stream = null;
    this.#video.srcObject = null;
  }

  /** Stop for good. */
  end(): void {
    this.close();
    this.#worker?.terminate();
    this.#worker = null;
  }

  async lenses(): Promise<MediaDeviceInfo[]> {
    return (await navigator.mediaDevices.enumerateDevices()).filter((one) => one.kind === "videoinput");
  }

  async choose(lens: string): Promise<void> {
    localStorage.setItem(LENS, lens);
    await this.open(lens);
  }

  get can(): { torch: boolean; zoom: number | null } {
    const able: any = this.#stream?.getVideoTracks()[0]?.getCapabilities?.() ?? {};
    return { torch: able.torch === true, zoom: able.zoom?.max >= 2 ? 2 : null };
  }

  async set(what: { torch?: boolean; zoom?: number }): Promise<void> {
    await this.#stream?.getVideoTracks()[0]?.applyConstraints({ advanced: [what as MediaTrackConstraintSet] }).catch(() => undefined);
  }

  #next(): void {
    if (!this.#isOpen) return;
    const look = (): void => {
      void this.#look();
      this.#next();
    };
    if ("requestVideoFrameCallback" in this.#video) this.#video.requestVideoFrameCallback(look);
    else setTimeout(look, EVERY_MS);
  }

  async #look(): Promise<void> {
    const now = performance.now();
    if (this.#isBusy || now - this.#last < EVERY_MS || !this.#video.videoWidth) return;
    this.#isBusy = true;
    this.#last = now;
    try {
      const picture = await createImageBitmap(this.#video);
      this.#worker?.postMessage({ picture }, [picture]);
    } catch {
      this.#isBusy = false;
    }
  }
}

function stop(stream: MediaStream): void {
  for (const track of stream.getTracks()) track.stop();
}

function startWorker(): Worker {
  return new Worker(new URL("./worker.ts", import.meta.url), { type: "module", name: "scan" });
}

/** Read a code in a picture somebody chose. */
export async function readPicture(file: Blob): Promise<string | null> {
  const worker = startWorker();
  const picture = await createImageBitmap(file, { imageOrientation: "from-image" });
  return new Promise((resolve) => {
    worker.onmessage = ({ data }: MessageEvent<Seen>) => {
      worker.terminate();
      resolve(data.text);
    };
    worker.postMessage({ picture, isLoose: true }, [picture]);
  });
}

/** A short tone and a shake: heard and felt with gloves on. */
export function beep(): void {
  navigator.vibrate?.(80);
  try {
    const sound = new AudioContext();
    const [tone, gain] = [sound.createOscillator(), sound.createGain()];
    tone.frequency.value = 1_320;
    gain.gain.setValueAtTime(0.12, sound.currentTime);
    gain.gain.exponentialRampToValueAtTime(0.001, sound.currentTime + 0.15);
    tone.connect(gain).connect(sound.destination);
    tone.start();
    tone.stop(sound.currentTime + 0.16);
    tone.onended = () => void sound.close();
  } catch {
    // no sound here; the screen says it
  }
}
