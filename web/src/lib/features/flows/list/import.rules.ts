/* A flow's file before it comes in: what it names that the organization does not have by that name, and other things put in
   their place. The server looks by the same rule: names without regard to case and accents. */
import { fold } from '../palette.rules';

/** kind, old id and name of what the file uses. */
export interface Ref {
  kind: string;
  id: string;
  name: string;
}

function isRecord(v: unknown): v is Record<string, unknown> {
  return typeof v === 'object' && v !== null && !Array.isArray(v);
}

/** What the file's list of names tells; a file that has none, or is no flow, tells nothing. */
export function refsOf(file: unknown): Ref[] {
  const refs = isRecord(file) && isRecord(file['refs']) ? file['refs'] : {};
  return Object.entries(refs).flatMap(([kind, names]) =>
    isRecord(names)
      ? Object.entries(names).flatMap(([id, name]) => (typeof name === 'string' ? [{ kind, id, name }] : []))
      : [],
  );
}

export function notHere(
  refs: readonly Ref[],
  here: (kind: string) => readonly { value: string; label: string }[],
): Ref[] {
  return refs.filter((r) => !here(r.kind).some((x) => x.value === r.id || fold(x.label) === fold(r.name)));
}

/** The file with other ids in its graph: a thing's id is nowhere else in a text of its own. */
export function replaced(file: unknown, ids: ReadonlyMap<string, string>): unknown {
  const walk = (v: unknown): unknown => {
    if (typeof v === 'string') return ids.get(v) ?? v;
    if (Array.isArray(v)) return v.map(walk);
    if (!isRecord(v)) return v;
    return Object.fromEntries(Object.entries(v).map(([k, x]) => [k, walk(x)]));
  };
  return isRecord(file) ? { ...file, graph: walk(file['graph']) } : file;
}
