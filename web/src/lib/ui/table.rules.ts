/* The arithmetic of the table: which rows are in sight, and where a key leads. */

/** Rows [from, to) that must exist for a scroll offset, with a few above and below for quick scrolling. */
export function windowOf(
  count: number,
  rowHeight: number,
  top: number,
  height: number,
  extra = 8,
): { from: number; to: number } {
  const first = Math.floor(Math.max(0, top) / rowHeight);
  const visible = Math.ceil(Math.max(rowHeight, height) / rowHeight) + 1;
  const from = Math.max(0, Math.min(first - extra, count - visible));
  return { from, to: Math.min(count, first + visible + extra) };
}

/** The row a key moves to, or undefined when the key does not move. */
export function keyTarget(key: string, at: number, count: number, page: number): number | undefined {
  if (count === 0) return undefined;
  const clamp = (n: number) => Math.max(0, Math.min(count - 1, n));
  switch (key) {
    case 'ArrowDown':
    case 'j':
      return clamp(at + 1);
    case 'ArrowUp':
    case 'k':
      return clamp(at - 1);
    case 'PageDown':
      return clamp(at + page);
    case 'PageUp':
      return clamp(at - page);
    case 'Home':
      return 0;
    case 'End':
      return count - 1;
    default:
      return undefined;
  }
}
