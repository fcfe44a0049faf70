/** Web NFC (Chrome on Android): the text or address on a tag; its serial number where nothing is written. */

export const hasNfc = (): boolean => "NDEFReader" in globalThis;

/** Wait for a tag; call inside a tap. */
export async function readNfc(onRead: (text: string) => void, signal: AbortSignal): Promise<void> {
  const reader = new (globalThis as any).NDEFReader();
  reader.onreading = (event: any) => onRead(textOf(event));
  await reader.scan({ signal });
}

export function textOf(event: { serialNumber?: string; message?: { records: { recordType: string; data?: DataView }[] } }): string {
  for (const record of event.message?.records ?? [])
    if (["url", "absolute-url", "text"].includes(record.recordType) && record.data) return new TextDecoder().decode(record.data);
  return (event.serialNumber ?? "").replaceAll(":", "").toUpperCase();
}
