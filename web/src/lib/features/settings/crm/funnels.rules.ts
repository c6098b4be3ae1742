/* Saving a funnel: what differs between the stages in the editor and those that are saved. */
import type { Stage } from '$lib/api/types';

export interface StageDraft {
  key: string;
  id?: string;
  name: string;
  color: string;
  kind: Stage['kind'];
}

export interface FunnelForm {
  name: string;
  stages: StageDraft[];
}

export interface StageChanges {
  added: { name: string; color: string; kind: Stage['kind']; position: number }[];
  changed: { id: string; name: string; color: string; kind: Stage['kind']; position: number }[];
  removed: Stage[];
}

export function draftOf(s: Stage): StageDraft {
  return { key: s.id, id: s.id, name: s.name, color: s.color ?? '#8c929f', kind: s.kind };
}

export function stageChanges(saved: readonly Stage[], drafts: readonly StageDraft[]): StageChanges {
  const out: StageChanges = { added: [], changed: [], removed: [] };
  drafts.forEach(({ id, name, color, kind }, position) => {
    const was = saved.find((s) => s.id === id);
    const now = { name: name.trim(), color, kind, position };
    if (!id || !was) out.added.push(now);
    else if (
      was.name !== now.name ||
      (was.color ?? '#8c929f') !== color ||
      was.kind !== kind ||
      was.position !== position
    )
      out.changed.push({ id, ...now });
  });
  out.removed = saved.filter((s) => !drafts.some((d) => d.id === s.id));
  return out;
}
