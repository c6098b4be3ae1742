/* The form before the first message. */
import { h } from './dom';
import type { Store } from './store';
import type { Texts } from './texts';
import type { PreChatField } from './types';

const rules: Record<PreChatField, { type: string; auto: string; ok: (v: string) => boolean; bad: keyof Texts }> = {
  name: { type: 'text', auto: 'name', ok: () => true, bad: 'required' },
  email: { type: 'email', auto: 'email', ok: (v) => /^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(v), bad: 'badEmail' },
  phone: { type: 'tel', auto: 'tel', ok: (v) => v.replace(/\D/g, '').length >= 8, bad: 'badPhone' },
};

export function formView(store: Store, t: Texts): HTMLElement {
  const pre = store.config.preChat;
  const fields = (pre?.fields ?? []).filter((f) => f in rules);
  const inputs = new Map<PreChatField, { input: HTMLInputElement; note: HTMLElement }>();
  const form = h('form', { class: 'form', novalidate: true });
  if (store.config.welcome) form.append(h('p', { class: 'hello' }, store.config.welcome));
  for (const f of fields) {
    const need = pre?.required.includes(f) ?? false;
    const input = h('input', {
      type: rules[f].type,
      name: f,
      autocomplete: rules[f].auto,
      maxlength: 120,
      required: need,
    }) as HTMLInputElement;
    const note = h('small', { class: 'err', id: `e-${f}` });
    inputs.set(f, { input, note });
    form.append(h('label', {}, `${t[f]}${need ? ' *' : ''}`, input, note));
  }
  form.append(h('button', { class: 'cta', type: 'submit' }, t.start));
  form.addEventListener('submit', (e) => {
    e.preventDefault();
    const who: Partial<Record<PreChatField, string>> = {};
    let wrong: HTMLInputElement | undefined;
    for (const [f, { input, note }] of inputs) {
      const value = input.value.trim();
      const bad = value ? !rules[f].ok(value) : input.required;
      note.textContent = bad ? t[value ? rules[f].bad : 'required'] : '';
      input.setAttribute('aria-invalid', String(bad));
      if (bad) input.setAttribute('aria-describedby', note.id);
      if (bad) wrong ??= input;
      if (value) who[f] = value;
    }
    if (wrong) wrong.focus();
    else store.introduce(who);
  });
  return form;
}
