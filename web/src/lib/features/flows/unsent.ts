/* Drafts of flows that a closed tab could not send any more, in this browser, per person, organization and flow. */
import type { Id } from '$lib/api/types';
import { myId, org } from '$lib/shell/session.svelte';
import type { Graph } from './types';

export interface Unsent {
  /** Of the draft that was changed. */
  revision: number;
  graph: Graph;
}

const key = (flowId: Id) => `flows.unsent.${org().organization.id}.${myId()}.${flowId}`;

export function keepUnsent(flowId: Id, unsent: Unsent): void {
  try {
    localStorage.setItem(key(flowId), JSON.stringify(unsent));
  } catch {
    /* storage full or forbidden: it lives as long as the page */
  }
}

export function dropUnsent(flowId: Id): void {
  try {
    localStorage.removeItem(key(flowId));
  } catch {
    /* storage forbidden: nothing was kept */
  }
}

/** What was kept; it stays until the server has it. */
export function readUnsent(flowId: Id): Unsent | undefined {
  try {
    const kept = JSON.parse(localStorage.getItem(key(flowId)) ?? 'null') as Unsent | null;
    return kept && typeof kept.revision === 'number' && typeof kept.graph === 'object' ? kept : undefined;
  } catch {
    return undefined;
  }
}
