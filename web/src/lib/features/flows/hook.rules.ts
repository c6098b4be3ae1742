/* What a call brought, as paths that a form can take: "data.items[0].name" with its value. */
export interface Leaf {
  path: string;
  value: string;
}

export function leaves(body: unknown, max = 200): Leaf[] {
  const out: Leaf[] = [];
  const walk = (v: unknown, path: string) => {
    if (out.length >= max) return;
    if (Array.isArray(v)) v.slice(0, 3).forEach((x, i) => walk(x, `${path}[${i}]`));
    else if (typeof v === 'object' && v !== null)
      for (const [k, x] of Object.entries(v)) {
        const name = /^[\p{L}_][\p{L}\p{N}_]*$/u.test(k) ? `${path ? '.' : ''}${k}` : `["${k}"]`;
        walk(x, path + name);
      }
    else if (path) out.push({ path, value: v === null || v === undefined ? '' : String(v) });
  };
  walk(body, '');
  return out;
}

/** A variable's name for what stands at a path: its last name, in the letters that a name may have. */
export function nameAt(path: string): string {
  const names = [...path.matchAll(/\["([^"]*)"\]|([\p{L}_][\p{L}\p{N}_]*)/gu)].map((m) => m[1] ?? m[2] ?? '');
  const bare = (names.at(-1) ?? '').replace(/[^\p{L}\p{N}_]+/gu, '_').replace(/^[\d_]+/, '');
  return bare || 'valor';
}
