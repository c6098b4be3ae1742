/* Names of things inside a graph: short, and unique in it. */
const letters = 'abcdefghijklmnopqrstuvwxyz0123456789';

/** A fresh id such as "n4k2p9": eight letters from 36 hold for all that one flow may have. */
export function newId(prefix: string, taken?: { has(id: string): boolean }): string {
  for (;;) {
    const bytes = crypto.getRandomValues(new Uint8Array(7));
    const id = prefix + [...bytes].map((b) => letters[b % letters.length]).join('');
    if (!taken?.has(id)) return id;
  }
}
