/* After a refused submit the focus goes to the first field that is wrong: the eye and the screen reader land where the
   words are. Forms of shell/form.svelte.ts do it by themselves; others call it with their form. */
import { tick } from 'svelte';
import { firstFocusable } from './float';

/** The form in which somebody is at work: the one of the field or button that has the focus. */
export function formAtWork(): HTMLFormElement | undefined {
  const at = document.activeElement;
  const own = at instanceof HTMLElement && 'form' in at && at.form instanceof HTMLFormElement ? at.form : undefined;
  return own ?? at?.closest('form') ?? undefined;
}

/** Puts the focus into the first wrong field of the form, once the page shows what is wrong. */
export async function focusFirstWrong(form: HTMLElement | undefined): Promise<void> {
  await tick();
  const field = form?.querySelector<HTMLElement>(
    '.field:has(> .error),:is(input,select,textarea,[role="combobox"])[aria-invalid="true"]',
  );
  if (!field) return;
  const inside = field.querySelector<HTMLElement>(
    ':is(input,select,textarea,[role="combobox"])[aria-invalid="true"],:is(input,select,textarea):not(:disabled)',
  );
  (field.matches('.field') ? (inside ?? firstFocusable(field)) : field)?.focus();
}
