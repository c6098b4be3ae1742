/* The arithmetic of a list that a person puts in order. */

/** The list with the item at `from` at place `to`; the same list when nothing moves. */
export function moved<T>(list: readonly T[], from: number, to: number): T[] {
  const out = [...list];
  if (from === to || from < 0 || to < 0 || from >= list.length || to >= list.length) return out;
  const [item] = out.splice(from, 1);
  if (item !== undefined) out.splice(to, 0, item);
  return out;
}

/** Where an item belongs that is dragged to height y, by the middles of the other rows. */
export function dropIndex(boxes: readonly { top: number; height: number }[], from: number, y: number): number {
  let to = 0;
  boxes.forEach((box, i) => {
    if (i !== from && y > box.top + box.height / 2) to += 1;
  });
  return to;
}
