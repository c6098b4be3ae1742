/* Work on many customers at once: what is asked, in which portions, and what became of it. */
import type { ListQuery } from './customers.rules';
import type { CustomerItem } from './types';

export type BulkAction =
  | { action: 'tag' | 'untag'; tagId: string }
  | { action: 'stage'; stageId: string | null }
  | { action: 'owner'; ownerId: string | null }
  | { action: 'delete' };

export interface BulkFailure {
  id: string;
  code: string;
}

export interface BulkAnswer {
  done: number;
  failed: BulkFailure[];
  next: string | null;
}

/** The marked ones, or all that a filter finds. */
export type BulkTarget = { ids: readonly string[] } | { filter: ListQuery };

export interface BulkResult {
  done: number;
  failed: BulkFailure[];
  /** Those of the marked ones that were worked on. */
  reached: string[];
  /** Somebody stopped it. */
  stopped: boolean;
}

type Call = (
  body: BulkAction & ({ customerIds: string[] } | { filter: ListQuery; cursor?: string }),
) => Promise<BulkAnswer>;

/** Goes through all of them in portions, telling how many are behind it; `stopped` is asked between portions. */
export async function bulk(
  action: BulkAction,
  target: BulkTarget,
  call: Call,
  o: { portion?: number; stopped: () => boolean; onprogress: (behind: number) => void },
): Promise<BulkResult> {
  const result: BulkResult = { done: 0, failed: [], reached: [], stopped: false };
  const take = (answer: BulkAnswer) => {
    result.done += answer.done;
    result.failed.push(...answer.failed);
    o.onprogress(result.done + result.failed.length);
  };
  if ('ids' in target) {
    const portion = o.portion ?? 100;
    for (let i = 0; i < target.ids.length && !result.stopped; i += portion) {
      const customerIds = target.ids.slice(i, i + portion);
      take(await call({ ...action, customerIds }));
      result.reached.push(...customerIds);
      result.stopped = o.stopped() && i + portion < target.ids.length;
    }
    return result;
  }
  for (let cursor: string | null | undefined; cursor !== null && !result.stopped;) {
    const answer: BulkAnswer = await call({ ...action, filter: target.filter, ...(cursor ? { cursor } : {}) });
    take(answer);
    cursor = answer.next;
    result.stopped = o.stopped() && cursor !== null;
  }
  return result;
}

/** What undoes it for these rows, as they were before: only what the action changed, back to what it was. */
export function undoing(action: BulkAction, before: readonly CustomerItem[]): { action: BulkAction; ids: string[] }[] {
  const some = (undo: BulkAction, rows: readonly CustomerItem[]) =>
    rows.length > 0 ? [{ action: undo, ids: rows.map((r) => r.id) }] : [];
  const groups = <K extends string | null>(of: (r: CustomerItem) => K, make: (k: K) => BulkAction) =>
    [...new Set(before.map(of))].flatMap((k) =>
      some(
        make(k),
        before.filter((r) => of(r) === k),
      ),
    );
  switch (action.action) {
    case 'tag':
      return some(
        { action: 'untag', tagId: action.tagId },
        before.filter((r) => !r.tags.includes(action.tagId)),
      );
    case 'untag':
      return some(
        { action: 'tag', tagId: action.tagId },
        before.filter((r) => r.tags.includes(action.tagId)),
      );
    case 'owner':
      return groups(
        (r) => r.ownerId,
        (ownerId) => ({ action: 'owner', ownerId }),
      );
    case 'stage':
      return groups(
        (r) => r.stageId,
        (stageId) => ({ action: 'stage', stageId }),
      );
    case 'delete':
      return [];
  }
}

/** The failures by their reason, the commonest first. */
export function reasons(failed: readonly BulkFailure[]): { code: string; ids: string[] }[] {
  const out = new Map<string, string[]>();
  for (const { id, code } of failed) out.set(code, [...(out.get(code) ?? []), id]);
  return [...out].map(([code, ids]) => ({ code, ids })).sort((a, b) => b.ids.length - a.ids.length);
}
