/* The steps of looking whether an account works, in words. */
import { t, tMaybe } from '$lib/i18n/i18n.svelte';
import type { CheckResult, CheckStep } from './channels.types';

/** What a step looks at. */
export function stepName(step: Pick<CheckStep, 'id'>, kind: string): string {
  return tMaybe(
    `channels.step.${kind}.${step.id}`,
    tMaybe(`channels.step.${step.id}`, t('channels.stepOther', { id: step.id })),
  );
}

/** What is wrong, for a person. */
export function codeText(code: string | null | undefined, message: string | null | undefined): string {
  return tMaybe(`channels.code.${code ?? ''}`, tMaybe(`errors.code.${code ?? ''}`, message || t('channels.unknown')));
}

/** What a person can do about it; empty when nothing is known. */
export function adviceText(code: string | null | undefined, advice?: string | null): string {
  return tMaybe(`channels.advice.${code ?? ''}`, advice ? tMaybe(`channels.advice.${advice}`, '') : '');
}

/** Problems for the fields that the failed steps name, the first of each. */
export function fieldsOf(result: CheckResult | undefined): Record<string, string> {
  const out: Record<string, string> = {};
  for (const s of result?.steps ?? []) if (!s.ok && s.field) out[s.field] ??= codeText(s.code, s.message);
  return out;
}
