/* What is wrong with what somebody typed, by field and in their language. */
import { ApiError } from '$lib/api/error';
import { tMaybe } from '$lib/i18n/i18n.svelte';
import { errorText } from '$lib/shell/report';

export function problemsOf(error: unknown): Record<string, string> {
  const out: Record<string, string> = {};
  if (error instanceof ApiError)
    for (const d of error.details) out[d.field] ??= tMaybe(`errors.field.${d.code ?? ''}`, d.message);
  return out;
}

/** The first problem of a field, or what the failure says as a whole: for forms of one field. */
export function problemOf(error: unknown): string {
  return Object.values(problemsOf(error))[0] ?? errorText(error);
}
