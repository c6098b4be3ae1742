/* Texts with {{…}}: parted for marks on cards, filled with examples for the preview, named variables in reach. */

export interface Part {
  text: string;
  /** Stands in {{ }}: the expression, with its formatters after |. */
  variable: boolean;
}

const braces = /\{\{([\s\S]*?)\}\}/g;

export function parts(text: string): Part[] {
  const out: Part[] = [];
  let at = 0;
  for (const m of text.matchAll(braces)) {
    if (m.index > at) out.push({ text: text.slice(at, m.index), variable: false });
    out.push({ text: (m[1] ?? '').trim(), variable: true });
    at = m.index + m[0].length;
  }
  if (at < text.length) out.push({ text: text.slice(at), variable: false });
  return out;
}

/** What the mark on a card says: the path, without formatters. */
export function shortName(expression: string): string {
  return (expression.split('|')[0] ?? '').trim();
}

/** The text a customer may read: {{…}} replaced by an example, the formatter "first name" and "default" minded. */
export function filled(text: string, example: (path: string) => string | undefined): string {
  return parts(text)
    .map((p) => {
      if (!p.variable) return p.text;
      const [head = '', ...formats] = p.text.split('|').map((x) => x.trim());
      let value = example(head) ?? '';
      for (const f of formats) {
        const [name, ...args] = f.split(':').map((x) => x.trim());
        if (name === 'default' && value === '') value = (args[0] ?? '').replace(/^["']|["']$/g, '');
        else if (name === 'upper') value = value.toUpperCase();
        else if (name === 'lower') value = value.toLowerCase();
        else if (name === 'firstName' || name === 'first') value = value.split(/\s+/)[0] ?? value;
      }
      return value === '' ? `{${shortName(p.text)}}` : value;
    })
    .join('');
}

/** Puts {{path}} where the cursor is; returns the text and where the cursor goes. */
export function insertAt(
  text: string,
  from: number,
  to: number,
  path: string,
  plain = false,
): { text: string; at: number } {
  const piece = plain ? path : `{{${path}}}`;
  return { text: text.slice(0, from) + piece + text.slice(to), at: from + piece.length };
}

/** The unfinished "{{cust" before the cursor: what was typed, and where it begins; undefined outside of one. */
export function opened(text: string, cursor: number): { from: number; typed: string } | undefined {
  const from = text.lastIndexOf('{{', cursor - 1);
  if (from < 0 || cursor < from + 2) return undefined;
  const typed = text.slice(from + 2, cursor);
  return /[{}|\n]/.test(typed) ? undefined : { from, typed: typed.trimStart() };
}

/** A variable's name as the engine takes it: letters, digits, _, not a digit first. */
export function isVariableName(name: string): boolean {
  return /^[\p{L}_][\p{L}\p{N}_]{0,59}$/u.test(name);
}

/** The name without the scope a person may have written before it. */
export function bareName(name: string): string {
  return name.trim().replace(/^session\./, '');
}

export function charCount(text: string): number {
  return [...text].length;
}
