/* Connecting an account: what is typed, what looking at it said, and what came of it. */
import { newKey } from '$lib/api/client';
import { ApiError } from '$lib/api/error';
import { t, tMaybe } from '$lib/i18n/i18n.svelte';
import { Form } from '$lib/shell/form.svelte';
import { channels } from './channels.service';
import type { ChannelRow, CheckResult, Draft, KindInfo, OauthAccount } from './channels.types';
import { codeText, fieldsOf } from './check.rules';
import { draftOf, kindForm, type KindForm, linesOf, missing, shownLines } from './kinds.rules';

export type Step = 'data' | 'test' | 'done';
export const steps: readonly Step[] = ['data', 'test', 'done'];
/* Fields that every kind has. */
const placed = ['name', 'defaultTeamId', 'defaultStageId'];

/** The problems that a refusal names, in words; undefined when it names none. */
export function refusedFields(e: unknown): Record<string, string> | undefined {
  if (!(e instanceof ApiError) || e.details.length === 0) return undefined;
  return Object.fromEntries(
    e.details.map((d) => [d.field, codeText(d.code, tMaybe(`errors.field.${d.code ?? ''}`, d.message))]),
  );
}

/** What is looked at of an account: not how it is called and where it belongs. */
const lookOf = ({ kind, address, settings, secrets }: Draft): Draft => ({
  kind,
  ...(address ? { address } : {}),
  ...(settings ? { settings } : {}),
  ...(secrets ? { secrets } : {}),
});

export class Connecting {
  readonly info: KindInfo;
  readonly form: Form<KindForm>;
  step = $state<Step>('data');
  result = $state.raw<CheckResult>();
  /** Changed since it was looked at. */
  stale = $state(false);
  busy = $state(false);
  made = $state.raw<ChannelRow>();
  /** Chosen by signing in at the platform, instead of what is typed. */
  account = $state.raw<{ ticket: string; account: OauthAccount }>();
  #named = $state.raw<Record<string, string>>({});
  #key = newKey();
  #suggested = '';

  constructor(info: KindInfo) {
    this.info = info;
    this.form = new Form(kindForm(info));
  }

  get tested(): boolean {
    return this.account !== undefined || (this.result?.ok === true && !this.stale);
  }

  get index(): number {
    return steps.indexOf(this.step);
  }

  problem(path: string): string | undefined {
    return this.#named[path] ?? this.form.problem(path);
  }

  edited(path: string): void {
    this.stale = true;
    this.#key = newKey();
    const { [path]: _, ...rest } = this.#named;
    this.#named = rest;
    const { [path]: __, ...others } = this.form.problems;
    this.form.problems = others;
  }

  /* A name, until a person writes their own. */
  #suggest(name: string | null | undefined): void {
    if (!name || (this.form.value.name !== '' && this.form.value.name !== this.#suggested)) return;
    this.form.value.name = this.#suggested = name;
  }

  #missing(): Record<string, string> {
    const { main, more } = linesOf(this.info);
    const lines = [
      ...shownLines(this.info.kind, main, this.form.value),
      ...shownLines(this.info.kind, more, this.form.value),
    ];
    return Object.fromEntries(missing(lines, this.form.value).map((p) => [p, t('errors.field.REQUIRED')]));
  }

  /** Asks whether it works, without keeping anything. */
  async test(): Promise<void> {
    if (this.busy) return;
    this.result = undefined;
    this.#named = {};
    this.busy = true;
    const ok = await this.form.submit(
      async (form) => {
        try {
          this.step = 'test';
          this.result = await channels.checkDraft(lookOf(draftOf(this.info, form)));
          this.stale = false;
          this.#named = fieldsOf(this.result);
          this.#suggest(this.result.ok ? this.result.found.name : undefined);
        } catch (e) {
          this.#named = refusedFields(e) ?? {};
          this.step = 'data';
          throw e;
        }
      },
      () => this.#missing(),
    );
    if (!ok) this.step = 'data';
    this.busy = false;
  }

  chose(ticket: string, account: OauthAccount): void {
    this.account = { ticket, account };
    this.#suggest(account.name);
    this.step = 'test';
    this.#key = newKey();
  }

  back(): void {
    this.account = undefined;
    this.step = 'data';
  }

  #draft(form: KindForm): Draft {
    const draft = draftOf(this.info, form);
    if (!this.account) {
      const address = draft.address ?? this.result?.found.address ?? undefined;
      return { ...draft, ...(address ? { address } : {}) };
    }
    const { settings: _, secrets: __, address: ___, ...rest } = draft;
    return { ...rest, ticket: this.account.ticket, accountId: this.account.account.id };
  }

  async connect(): Promise<boolean> {
    if (this.busy) return false;
    this.#named = {};
    this.busy = true;
    const ok = await this.form.submit(
      async (form) => {
        try {
          this.made = await channels.connect(this.#draft(form), this.#key);
        } catch (e) {
          this.#named = refusedFields(e) ?? {};
          if (e instanceof ApiError && e.status >= 400 && e.status < 500) this.#key = newKey();
          throw e;
        }
      },
      (form) => (form.name.trim() ? {} : { name: t('errors.field.REQUIRED') }),
    );
    this.busy = false;
    if (ok) this.step = 'done';
    return ok;
  }

  /** What a refusal says that belongs to no field. */
  get failure(): string | undefined {
    if (this.form.failure) return this.form.failure;
    const { main, more } = linesOf(this.info);
    const shown = new Set<string>([...placed, ...[...main, ...more].flat().map((f) => f.path)]);
    const other = Object.keys(this.form.problems).find((p) => !shown.has(p));
    return other === undefined ? undefined : `${other}: ${this.problem(other) ?? ''}`;
  }
}
