/* The three languages hold the same texts with the same {names}, and none that no page shows. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import en from '../src/lib/i18n/en';
import enFlows from '../src/lib/i18n/en/flows';
import es from '../src/lib/i18n/es';
import esFlows from '../src/lib/i18n/es/flows';
import pt from '../src/lib/i18n/pt';
import ptFlows from '../src/lib/i18n/pt/flows';
import type { Message } from '../src/lib/i18n/types';

type Bundle = Record<string, Record<string, Message>>;

function flat(bundle: Bundle): Map<string, Message> {
  const out = new Map<string, Message>();
  for (const [area, texts] of Object.entries(bundle))
    for (const [key, text] of Object.entries(texts)) out.set(`${area}.${key}`, text);
  return out;
}

function names(text: Message): string[] {
  const all = typeof text === 'string' ? [text] : [text.one, text.other];
  return [...new Set(all.flatMap((s) => [...s.matchAll(/\{(\w+)\}/g)].map((m) => m[1] ?? '')))].sort();
}

function sources(dir: string): string[] {
  return readdirSync(dir, { withFileTypes: true }).flatMap((e) => {
    const path = join(dir, e.name);
    if (e.isDirectory()) return /i18n\/(pt|es|en)$/.test(path) ? [] : sources(path);
    return /\.(ts|svelte)$/.test(e.name) && !e.name.endsWith('.test.ts') ? [readFileSync(path, 'utf8')] : [];
  });
}

/* Areas that come late are texts like the others. */
const base = flat({ ...pt, flows: ptFlows });
const others: [string, Map<string, Message>][] = [
  ['es', flat({ ...es, flows: esFlows })],
  ['en', flat({ ...en, flows: enFlows })],
];

describe('texts', () => {
  it.each(others)('%s has the keys of pt', (_, texts) => {
    expect([...texts.keys()].sort()).toEqual([...base.keys()].sort());
  });

  it.each(others)('%s has the names and forms of pt', (_, texts) => {
    const wrong = [...base].filter(([key, text]) => {
      const other = texts.get(key);
      return other === undefined || typeof other !== typeof text || names(other).join() !== names(text).join();
    });
    expect(wrong.map(([key]) => key)).toEqual([]);
  });

  it('are never empty and carry no stray spaces', () => {
    const wrong = [['pt', base] as const, ...others].flatMap(([lang, texts]) =>
      [...texts]
        .filter(([, text]) =>
          (typeof text === 'string' ? [text] : [text.one, text.other]).some((s) => s.trim() === '' || s !== s.trim()),
        )
        .map(([key]) => `${lang} ${key}`),
    );
    expect(wrong).toEqual([]);
  });

  /* A key counts as used when it stands whole in a string, or when a template begins with it: t(`shell.theme.${x}`). */
  it('are all used', () => {
    const code = sources('src').join('\n');
    const literal = new Set([...code.matchAll(/['"`]([a-z]+\.[\w.]+)['"`]/gi)].map((m) => m[1]));
    const prefixes = [...code.matchAll(/`([a-z]+\.[\w.]*)\$\{/gi)].map((m) => m[1] ?? '');
    const unused = [...base.keys()].filter((key) => !literal.has(key) && !prefixes.some((p) => key.startsWith(p)));
    expect(unused).toEqual([]);
  });
});
