/** Taking a picture and showing it: scaled down, its place stripped by drawing it anew. */

import { useEffect, useRef, useState } from "preact/hooks";
import { attach } from "../act.ts";
import { t } from "../look.ts";
import { model } from "../model.ts";
import { Icon } from "./icons.tsx";
import { toast } from "./toast.tsx";

const LONG_EDGE = 1600;
const QUALITY = 0.8;

/** Scale a photo to a long edge of 1600 and write it as JPEG; drawing it anew leaves place and camera behind. */
export async function shrink(file: Blob): Promise<Uint8Array<ArrayBuffer>> {
  const bitmap = await createImageBitmap(file, { imageOrientation: "from-image" });
  const scale = Math.min(1, LONG_EDGE / Math.max(bitmap.width, bitmap.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(bitmap.width * scale);
  canvas.height = Math.round(bitmap.height * scale);
  canvas.getContext("2d")!.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  bitmap.close();
  const made = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, "image/jpeg", QUALITY));
  if (!made) throw new Error("no picture came of it");
  return new Uint8Array(await made.arrayBuffer());
}

export function PhotoButton({ order, role, label, onDone }: { order: string; role: string; label: string; onDone?: (hash: string) => void }) {
  const input = useRef<HTMLInputElement>(null);
  const [isBusy, setBusy] = useState(false);
  async function taken(files: FileList | null): Promise<void> {
    setBusy(true);
    for (const file of files ?? []) {
      try {
        const hash = await attach(order, role, await shrink(file), "image/jpeg");
        if (hash) onDone?.(hash);
      } catch {
        toast(t("photo_unreadable"), "act");
      }
    }
    if (input.current) input.current.value = "";
    setBusy(false);
  }
  return (
    <label class="secondary photo-button">
      <Icon name="camera" size={22} /> {isBusy ? t("wait") : label}
      <input ref={input} type="file" accept="image/*" capture="environment" class="unseen" onChange={(event) => void taken(event.currentTarget.files)} />
    </label>
  );
}

/** A picture that is on this phone; where only the server has it, its place. */
export function Thumb({ sha256, alt }: { sha256: string; alt: string }) {
  const [url, setUrl] = useState<string | null>(null);
  useEffect(() => {
    let made: string | null = null;
    void model.core?.store.bytes(sha256).then((bytes) => {
      if (bytes) setUrl((made = URL.createObjectURL(new Blob([bytes]))));
    });
    return () => {
      if (made) URL.revokeObjectURL(made);
    };
  }, [sha256]);
  return url ? <img class="thumb" src={url} alt={alt} loading="lazy" /> : <span class="thumb away" role="img" aria-label={alt}><Icon name="picture" size={28} /></span>;
}
