/* A form that is saved as a whole: what is typed, what was saved, what the server says about each field. Fields bind to
   `form.value`; `form.problem('name')` is the text beside one. `$effect(() => guardUnsaved(() => form.dirty))` asks
   before the page is left with changes. */
import { blockNavigation } from 'sv-router';
import { untrack } from 'svelte';
import { ApiError } from '$lib/api/error';
import { t, tMaybe } from '$lib/i18n/i18n.svelte';
import { confirm } from '$lib/ui/confirm.svelte';
import { focusFirstWrong, formAtWork } from '$lib/ui/firstWrong';
import { errorText, report } from './report';

export type Problems = Record<string, string>;
/** What a form's own check finds; undefined where nothing is wrong. */
type Found = Readonly<Record<string, string | undefined>>;

/** The server's complaints about fields, in the person's language. */
export function problemsOf(error: unknown): Problems {
  const out: Problems = {};
  if (!(error instanceof ApiError)) return out;
  for (const d of error.details)
    out[d.field] ??= tMaybe(`errors.field.${d.code ?? ''}`, d.message || t('errors.invalid'));
  return out;
}

const clone = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;

export class Form<T extends object> {
  value: T = $state() as T;
  problems: Problems = $state.raw({});
  /** A refusal that belongs to no field. */
  failure: string | undefined = $state();
  busy = $state(false);
  /** True for a moment after saving, for the mark beside the button. */
  justSaved = $state(false);
  #base = $state('');
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(initial: T) {
    this.value = clone(initial);
    this.#base = JSON.stringify(initial);
  }

  get dirty(): boolean {
    return JSON.stringify(this.value) !== this.#base;
  }

  /** Takes over what the server has; what is being typed is kept unless `force`. */
  adopt(from: T, force = false): void {
    /* Called from effects, which must depend on what the server has and not on what is typed. */
    untrack(() => {
      if (!force && this.dirty) return;
      const text = JSON.stringify(from);
      if (text === this.#base && !this.dirty) return;
      this.value = JSON.parse(text) as T;
      this.#base = text;
    });
  }

  discard(): void {
    this.value = JSON.parse(this.#base) as T;
    this.problems = {};
    this.failure = undefined;
  }

  /** What is wrong with a field, or with anything inside it ("steps" hears of "steps[1].content"). */
  problem(field: string): string | undefined {
    const own = this.problems[field];
    if (own) return own;
    const inner = Object.keys(this.problems).find((k) => k.startsWith(`${field}.`) || k.startsWith(`${field}[`));
    return inner === undefined ? undefined : this.problems[inner];
  }

  /** Runs the saving once at a time; what is wrong gets the focus. True when it went through; then what stands in the form is what is saved. */
  async submit(run: (value: T) => Promise<unknown>, check?: (value: T) => Found): Promise<boolean> {
    if (this.busy) return false;
    const at = formAtWork();
    this.failure = undefined;
    this.problems = Object.fromEntries(
      Object.entries(check?.(this.value) ?? {}).filter((e): e is [string, string] => e[1] !== undefined),
    );
    if (Object.keys(this.problems).length > 0) {
      void focusFirstWrong(at);
      return false;
    }
    this.busy = true;
    const sent = clone(this.value);
    try {
      await run(sent);
      this.#base = JSON.stringify(sent);
      this.justSaved = true;
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => (this.justSaved = false), 2500);
      return true;
    } catch (e) {
      this.problems = problemsOf(e);
      if (e instanceof ApiError && e.status >= 400 && e.status < 500) {
        if (Object.keys(this.problems).length === 0) this.failure = errorText(e);
      } else report(e);
      return false;
    } finally {
      this.busy = false;
      if (Object.keys(this.problems).length > 0) void focusFirstWrong(at);
    }
  }
}

/** Asks before leaving with unsaved changes; true means go. */
export function leaveAnyway(): Promise<boolean> {
  return confirm({
    title: t('ui.unsaved'),
    body: t('ui.unsavedText'),
    action: t('ui.discard'),
    keep: t('ui.keepEditing'),
    danger: true,
  });
}

export function guardUnsaved(dirty: () => boolean): () => void {
  return blockNavigation({
    beforeUnload: () => !dirty(),
    onNavigate: () => !dirty() || leaveAnyway(),
  });
}
