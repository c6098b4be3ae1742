/* What a field that points at something may choose, from the small tables of the organization. */
import type { Id } from '$lib/api/types';
import { org } from '$lib/shell/session.svelte';
import type { Option } from '$lib/ui/options';
import { flowsApi } from '../api';
import type { Editor } from '../editor.svelte';
import type { FieldRow, FlowItem } from '../types';
import { nodeTitle } from '../words';

class FlowList {
  items: readonly FlowItem[] = $state.raw([]);
  #of: Id | undefined;

  /** Read once while an organization is open. */
  async load(): Promise<void> {
    const id = org().organization.id;
    if (this.#of === id) return;
    this.#of = id;
    try {
      this.items = await flowsApi.list();
    } catch {
      this.#of = undefined;
    }
  }
}

export const flowList = new FlowList();

/** Without an editor: of the organization alone. */
export function choicesOf(field: Pick<FieldRow, 'kind' | 'of'>, editor?: Editor, nodeId = ''): Option[] {
  const o = org();
  switch (field.kind) {
    case 'channel':
      return o.channels
        .filter((c) => !c.deleted && (!field.of || c.kind === field.of))
        .map((c) => ({ value: c.id, label: c.name }));
    case 'team':
      return o.teams.map((x) => ({ value: x.id, label: x.name, color: x.color ?? undefined }));
    case 'user':
      return o.users.filter((u) => u.status === 'active').map((u) => ({ value: u.id, label: u.name }));
    case 'tag':
      return o.tags.map((x) => ({ value: x.id, label: x.name, color: x.color ?? undefined }));
    case 'stage':
      return o.funnels.flatMap((f) =>
        f.stages.map((s) => ({ value: s.id, label: o.funnels.length > 1 ? `${f.name}: ${s.name}` : s.name })),
      );
    case 'closureType':
      return o.closureTypes.map((x) => ({ value: x.id, label: x.name }));
    case 'flow':
      return flowList.items
        .filter((f) => f.id !== editor?.flowId && (!field.of || f.kind === field.of))
        .map((f) => ({ value: f.id, label: f.name }));
    case 'node':
      return (editor?.graph.nodes ?? [])
        .filter((n) => n.id !== nodeId && n.type !== 'start')
        .map((n) => ({ value: n.id, label: nodeTitle(n) }));
    default:
      return [];
  }
}
