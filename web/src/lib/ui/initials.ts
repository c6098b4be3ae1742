/** Two letters of a name: first and last word, or the first two of a single one. "Visitante do site 4821" gives V4. */
export function initials(name: string): string {
  const words = name
    .trim()
    .split(/\s+/)
    .filter((w) => /[\p{L}\p{N}+]/u.test(w));
  const first = words[0];
  if (!first) return '?';
  const letter = (w: string) => [...w.replace(/^[^\p{L}\p{N}+]+/u, '')][0] ?? '';
  const last = words.length > 1 ? words[words.length - 1] : undefined;
  return (last ? letter(first) + letter(last) : [...first].slice(0, 2).join('')).toLocaleUpperCase();
}
