/* What a request of a card needs to be tried: the variables that its texts name, and the values typed for them. */
import { bareName, parts } from './text.rules';
import type { Data, Variable } from './types';

/** Every text of a card, wherever it stands. */
function texts(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (Array.isArray(value)) return value.flatMap(texts);
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(texts) : [];
}

const words = /[\p{L}_][\p{L}\p{N}_]*(?:\.[\p{L}_][\p{L}\p{N}_]*)*/gu;

/** Names of variables (of those that there are) and paths of the customer that stand in {{…}} of the card, in their order. */
export function namesIn(data: Data, variables: readonly string[]): string[] {
  const found = new Set<string>();
  for (const text of texts(data))
    for (const p of parts(text))
      if (p.variable)
        for (const [word] of p.text.matchAll(words)) {
          const name = bareName(word);
          const head = name.split('.')[0] ?? '';
          if (name.startsWith('customer.')) found.add(name);
          else if (variables.includes(head)) found.add(head);
        }
  return [...found];
}

/** What was typed, as the variable's type has it; what cannot be read so stays a text. */
export function typed(text: string, type: Variable['type'] | undefined): unknown {
  if (type === undefined || type === 'text' || type === 'date') return text;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

/** The name a variable gets for a path of an answer: its last word. */
export function variableFor(path: string): string {
  const last = [...path.matchAll(/[\p{L}_][\p{L}\p{N}_]*/gu)].at(-1)?.[0] ?? '';
  return last.slice(0, 60);
}
