/* What forms check before they ask the server. */
import { t } from '$lib/i18n/i18n.svelte';
import { type Hours, hoursWrong, noDay } from './hours.rules';

/** The words for an empty field; undefined when it has something in it. */
export function needed(text: string): string | undefined {
  return text.trim() ? undefined : t('errors.field.REQUIRED');
}

/** What is wrong with opening hours; undefined when nothing is. */
export function hoursProblem(hours: Hours | null): string | undefined {
  if (noDay(hours)) return t('settings.hours.noDay');
  return hoursWrong(hours) ? t('errors.field.INVALID_HOURS') : undefined;
}
