/** A text in both languages, written side by side; one without the other does not compile. */
export type Pair = readonly [en: string, zh: string];
