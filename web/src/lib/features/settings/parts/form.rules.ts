/* What forms check before they ask the server. */
import { t } from '$lib/i18n/i18n.svelte';

/** The words for an empty field; undefined when it has something in it. */
export function needed(text: string): string | undefined {
  return text.trim() ? undefined : t('errors.field.REQUIRED');
}
