/* What a member of the record is called: its own name, or the custom field's. */
import { tMaybe } from '$lib/i18n/i18n.svelte';
import { org } from '$lib/shell/session.svelte';

export function memberName(key: string): string {
  if (key.startsWith('fields.')) return org().fields.find((f) => f.slug === key.slice(7))?.name ?? key.slice(7);
  return tMaybe(`customers.field.${key}`, tMaybe(`settings.change.${key}`, key));
}
