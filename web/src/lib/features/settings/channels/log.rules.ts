/* What came in and went out, made readable. The text is never parsed into values and back: ids stay digit for digit. */

const keptEscapes = new Set(['"', '\\']);
/* Marks that turn or hide text stay escaped, so that nothing looks like something else. */
const hidden = /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]/;

function escape(text: string, at: number): { shown: string; length: number } {
  const unit = (i: number) =>
    /^\\u[0-9a-f]{4}$/i.test(text.slice(i, i + 6)) ? parseInt(text.slice(i + 2, i + 6), 16) : -1;
  const first = unit(at);
  if (first < 0) return { shown: text[at + 1] === '/' ? '/' : text.slice(at, at + 2), length: 2 };
  const second = first >= 0xd800 && first < 0xdc00 ? unit(at + 6) : -1;
  if (second >= 0xdc00 && second < 0xe000) return { shown: String.fromCharCode(first, second), length: 12 };
  const char = String.fromCharCode(first);
  return { shown: hidden.test(char) || keptEscapes.has(char) ? text.slice(at, at + 6) : char, length: 6 };
}

/** JSON with line breaks and indents, its \u escapes as letters; anything else as it came. A cut text is laid out as far as it goes. */
export function pretty(text: string): string {
  const s = text.trim();
  if (!/^[[{]/.test(s)) return text;
  let out = '';
  let depth = 0;
  let inString = false;
  const line = () => `\n${'  '.repeat(Math.max(0, depth))}`;
  for (let i = 0; i < s.length; i += 1) {
    const ch = s[i] ?? '';
    if (inString) {
      if (ch === '\\') {
        const { shown, length } = escape(s, i);
        out += shown;
        i += length - 1;
      } else {
        out += ch;
        if (ch === '"') inString = false;
      }
    } else if (ch === '"') {
      inString = true;
      out += ch;
    } else if (ch === '{' || ch === '[') {
      const rest = /^\s*[}\]]/.exec(s.slice(i + 1));
      if (rest) {
        out += ch + rest[0].trim();
        i += rest[0].length;
      } else {
        depth += 1;
        out += ch + line();
      }
    } else if (ch === '}' || ch === ']') {
      depth -= 1;
      out += line() + ch;
    } else if (ch === ',') out += ch + line();
    else if (ch === ':') out += ': ';
    else if (!/\s/.test(ch)) out += ch;
  }
  return out;
}

/** How many of each thing a body held, biggest first; what was zero is left out. */
export function sums(summary: Record<string, unknown> | null | undefined): [string, number][] {
  return Object.entries(summary ?? {})
    .filter((e): e is [string, number] => typeof e[1] === 'number' && e[1] > 0)
    .sort((a, b) => b[1] - a[1]);
}

export type LogTone = 'ok' | 'warn' | 'danger' | 'hollow';

/** A look for an entry: parked and refused stand out, waiting is on its way. */
export function toneOf(item: { state: string }): LogTone {
  return item.state === 'parked' || item.state === 'failed' ? 'danger' : item.state === 'waiting' ? 'warn' : 'ok';
}

/** Without the platform's host and version, which are the same for all. */
export function shortAddress(address: string | null): string {
  return (address ?? '').replace(/^https?:\/\/[^/]+(?=\/)/, '').replace(/^\/v\d+\.\d+(?=\/)/, '');
}
