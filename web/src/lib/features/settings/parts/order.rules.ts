/* Lists that people put in order. */

/** Which things must be told their new place after a change of order: those whose position is another one now. */
export function newPositions<T extends { id: string; position?: number }>(
  ordered: readonly T[],
): { id: string; position: number }[] {
  return ordered.flatMap((item, i) => (item.position === i ? [] : [{ id: item.id, position: i }]));
}

/** Lines pasted into one row become one row each. */
export function splitPasted(text: string): string[] {
  return text
    .split(/\r?\n|;|\t/)
    .map((s) => s.trim())
    .filter((s) => s !== '');
}
