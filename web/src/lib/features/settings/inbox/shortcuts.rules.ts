/* Shortcuts in the editor: keyword, steps, variables. */
import type { Id, Instant } from '$lib/api/types';

export interface ShortcutRow {
  id: Id;
  keyword: string;
  title: string;
  steps: { content: string; fileIds: Id[]; delayMs: number }[];
  shared: boolean;
  teamIds: Id[];
  uses: number;
  updatedAt: Instant;
}

export interface StepDraft {
  key: string;
  content: string;
  fileIds: Id[];
  /** Seconds to wait before it, as typed. */
  delay: string;
}

export interface ShortcutForm {
  keyword: string;
  title: string;
  shared: boolean;
  teamIds: Id[];
  steps: StepDraft[];
}

export const stepsMax = 10;
export const delayMaxSeconds = 600;

/** What the server fills in (src/inbox/sql/setup.sql, shortcut_use), in the order of the menu. */
export const variables = [
  'greeting',
  'customer.firstName',
  'customer.name',
  'customer.phone',
  'customer.email',
  'customer.document',
  'agent.firstName',
  'agent.name',
  'organization.name',
  'channel.name',
  'currentDate',
  'currentTime',
] as const;

/** "/Olá mundo" → ola-mundo: how a keyword may be written after the slash. */
export function cleanKeyword(text: string): string {
  return text
    .normalize('NFD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/^[\s/]+/, '')
    .replace(/\s+/g, '-')
    .slice(0, 40);
}

export function formOf(s: ShortcutRow | undefined, shared: boolean): ShortcutForm {
  return {
    keyword: s?.keyword ?? '',
    title: s?.title ?? '',
    shared: s?.shared ?? shared,
    teamIds: s?.teamIds ?? [],
    steps: (s?.steps ?? [{ content: '', fileIds: [], delayMs: 0 }]).map((x, i) => ({
      key: `step-${i}`,
      content: x.content,
      fileIds: x.fileIds,
      delay: x.delayMs ? String(x.delayMs / 1000) : '',
    })),
  };
}

export function stepsBody(steps: readonly StepDraft[]): ShortcutRow['steps'] {
  return steps.map((s) => ({
    content: s.content.trim(),
    fileIds: s.fileIds,
    delayMs: Math.round(Number(s.delay.replace(',', '.') || 0) * 1000),
  }));
}

/** The first step that says nothing, or whose pause is no number of seconds that the server takes. */
export function stepsWrong(steps: readonly StepDraft[]): 'empty' | 'delay' | undefined {
  for (const s of steps) {
    const seconds = Number(s.delay.replace(',', '.') || 0);
    if (!Number.isFinite(seconds) || seconds < 0 || seconds > delayMaxSeconds) return 'delay';
    if (s.content.trim() === '' && s.fileIds.length === 0) return 'empty';
  }
  return steps.length === 0 ? 'empty' : undefined;
}

/** The text with what is inserted in place of the selection, and where the caret stands then. */
export function inserted(text: string, from: number, to: number, what: string): { text: string; caret: number } {
  return { text: text.slice(0, from) + what + text.slice(to), caret: from + what.length };
}

/** How a step reads with example values, for the preview. */
export function preview(text: string, values: Partial<Record<string, string>>): string {
  return text.replace(
    /\{\{\s*([\w.]+)\s*(?:\|\s*default:([^}]*))?\}\}/g,
    (_, path: string, other: string | undefined) => values[path] ?? other ?? '',
  );
}
