/* Copy, cut and paste of blocks by the browser's own events, so that no permission is asked for; what is typed in a field or
   marked as text stays the browser's. */
import { t } from '$lib/i18n/i18n.svelte';
import { toast } from '$lib/ui/toast.svelte';
import type { Editor } from '../editor.svelte';

export function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target.isContentEditable || target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement)
    return true;
  return target instanceof HTMLInputElement && !['checkbox', 'radio', 'button'].includes(target.type);
}

function ours(e: ClipboardEvent): boolean {
  return !isTyping(e.target) && !document.querySelector('dialog[open]') && getSelection()?.isCollapsed !== false;
}

export function clipboard(editor: Editor, wrap: () => HTMLElement | undefined, may: () => boolean) {
  const copy = (e: ClipboardEvent): boolean => {
    if (!ours(e) || !wrap()) return false;
    const text = editor.copied();
    if (text === undefined || !e.clipboardData) return false;
    e.preventDefault();
    e.clipboardData.setData('text/plain', text);
    toast({ text: t('flows.copiedNodes', { n: editor.chosenNodes.length || 1 }) });
    return true;
  };
  return {
    oncopy: (e: ClipboardEvent) => void copy(e),
    oncut: (e: ClipboardEvent) => {
      if (may() && copy(e)) editor.removeChosen();
    },
    onpaste: (e: ClipboardEvent) => {
      if (!may() || !ours(e)) return;
      if (editor.paste(e.clipboardData?.getData('text/plain') ?? '')) e.preventDefault();
    },
  };
}

/** By a menu: the clipboard is asked, the browser may ask the person. */
export async function pasteByMenu(editor: Editor): Promise<void> {
  try {
    if (editor.paste(await navigator.clipboard.readText())) return;
  } catch {
    /* not allowed: told below */
  }
  toast({ text: t('flows.pasteNone'), kind: 'warn' });
}

export async function copyByMenu(editor: Editor): Promise<void> {
  const text = editor.copied();
  if (text === undefined) return;
  try {
    await navigator.clipboard.writeText(text);
    toast({ text: t('flows.copiedNodes', { n: editor.chosenNodes.length || 1 }) });
  } catch {
    toast({ text: t('flows.pasteNone'), kind: 'warn' });
  }
}
