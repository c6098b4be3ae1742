/* Templates: messages that the platform approves before they are sent. What it will not take is said before it is asked. */
import type { TemplateButton, TemplateComponent, TemplateRow } from './channels.types';

export const bodyMax = 1024;
export const headerMax = 60;
export const footerMax = 60;
export const buttonsMax = 10;
export const buttonTextMax = 25;

export type Category = 'UTILITY' | 'MARKETING';
export type ButtonKind = 'QUICK_REPLY' | 'URL' | 'PHONE_NUMBER';

export interface ButtonDraft {
  kind: ButtonKind;
  text: string;
  /** The address or the number. */
  target: string;
}

export interface TemplateForm {
  name: string;
  language: string;
  category: Category;
  header: string;
  body: string;
  footer: string;
  buttons: ButtonDraft[];
  /** What stands for each variable in the platform's review, by its name. */
  examples: Record<string, string>;
}

export interface TemplateBody {
  name: string;
  language: string;
  category: Category;
  format: 'positional' | 'named';
  components: TemplateComponent[];
}

/** Languages that the platform knows, those of our customers first. */
export const templateLanguages = ['pt_BR', 'es', 'es_MX', 'es_AR', 'es_ES', 'en', 'en_US', 'pt_PT'] as const;

export const emptyTemplate = (language: string): TemplateForm => ({
  name: '',
  language,
  category: 'UTILITY',
  header: '',
  body: '',
  footer: '',
  buttons: [],
  examples: {},
});

/** "Pedido saiu!" → pedido_saiu: what the platform takes as a name. */
export function cleanName(text: string): string {
  return text
    .normalize('NFD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^_/, '')
    .slice(0, 512);
}

const variable = /\{\{\s*([^{}]*?)\s*\}\}/g;

/** Names of the variables of a text in their order, each once. */
export function variables(text: string): string[] {
  return [...new Set([...text.matchAll(variable)].map((m) => m[1] ?? ''))];
}

export type TemplateProblem =
  | 'nameEmpty'
  | 'textEmpty'
  | 'tooLong'
  | 'variableName'
  | 'variableMixed'
  | 'variableGap'
  | 'variableEdge'
  | 'variableMany'
  | 'variableNone'
  | 'braces'
  | 'exampleEmpty'
  | 'newLine'
  | 'url'
  | 'phone'
  | 'buttonOrder';

export const namedVariable = /^[a-z][a-z0-9_]*$/;

function textProblem(text: string, max: number): TemplateProblem | undefined {
  if (text.length > max) return 'tooLong';
  const names = variables(text);
  if (/\{\{|\}\}/.test(text.replace(variable, ''))) return 'braces';
  if (names.some((n) => !/^\d+$/.test(n) && !namedVariable.test(n))) return 'variableName';
  const numbers = names.filter((n) => /^\d+$/.test(n)).map(Number);
  if (numbers.length > 0 && numbers.length < names.length) return 'variableMixed';
  if (numbers.length > 0 && [...numbers].sort((a, b) => a - b).some((n, i) => n !== i + 1)) return 'variableGap';
  return undefined;
}

/** What is wrong with each part; empty when the platform has no reason of form to refuse. */
export function templateProblems(form: TemplateForm): Record<string, TemplateProblem> {
  const out: Record<string, TemplateProblem> = {};
  const say = (field: string, problem: TemplateProblem | undefined) => {
    if (problem && !out[field]) out[field] = problem;
  };
  if (!form.name) say('name', 'nameEmpty');
  const body = form.body.trim();
  if (!body) say('body', 'textEmpty');
  say('body', textProblem(body, bodyMax));
  if (/^\{\{[^{}]*\}\}|\{\{[^{}]*\}\}$/.test(body)) say('body', 'variableEdge');
  const header = form.header.trim();
  say('header', textProblem(header, headerMax));
  if (/\n/.test(header)) say('header', 'newLine');
  if (variables(header).length > 1) say('header', 'variableMany');
  const footer = form.footer.trim();
  if (footer.length > footerMax) say('footer', 'tooLong');
  if (variables(footer).length > 0) say('footer', 'variableNone');
  const styles = [...variables(header), ...variables(body)].map((n) => /^\d+$/.test(n));
  if (styles.includes(true) && styles.includes(false))
    say(variables(header).length ? 'header' : 'body', 'variableMixed');
  form.buttons.forEach((b, i) => {
    if (!b.text.trim()) say(`buttons[${i}].text`, 'textEmpty');
    if (b.text.trim().length > buttonTextMax) say(`buttons[${i}].text`, 'tooLong');
    if (variables(b.text).length > 0) say(`buttons[${i}].text`, 'variableNone');
    if (b.kind === 'URL' && !/^https?:\/\/[^\s/]+\.[^\s]+$/.test(b.target.trim())) say(`buttons[${i}].target`, 'url');
    if (b.kind === 'PHONE_NUMBER' && !/^\+?[\d\s().-]{8,20}$/.test(b.target.trim()))
      say(`buttons[${i}].target`, 'phone');
  });
  /* Answers and links may not alternate. */
  const groups = form.buttons.map((b) => b.kind === 'QUICK_REPLY');
  if (groups.filter((g, i) => i > 0 && g !== groups[i - 1]).length > 1) say('buttons', 'buttonOrder');
  for (const key of exampleKeys(form)) if (!form.examples[key]?.trim()) say(`examples.${key}`, 'exampleEmpty');
  return out;
}

/** Variables that need an example: "header.1", "body.nome". */
export function exampleKeys(form: Pick<TemplateForm, 'header' | 'body'>): string[] {
  return [...variables(form.header).map((n) => `header.${n}`), ...variables(form.body).map((n) => `body.${n}`)];
}

/** The text with its variables replaced, those without a value as they are. */
export function fillText(text: string, value: (name: string) => string | undefined): string {
  return text.replace(variable, (whole, name: string) => value(name) || whole);
}

export function formatOf(form: Pick<TemplateForm, 'header' | 'body'>): 'positional' | 'named' {
  return exampleKeys(form).some((k) => !/\.\d+$/.test(k)) ? 'named' : 'positional';
}

/** What the server takes: components as the platform writes them, with an example for each variable. */
export function templateBody(form: TemplateForm): TemplateBody {
  const format = formatOf(form);
  const example = (part: 'header' | 'body', text: string): Record<string, unknown> | undefined => {
    const names = variables(text);
    if (names.length === 0) return undefined;
    const value = (n: string) => form.examples[`${part}.${n}`]?.trim() ?? '';
    if (format === 'named')
      return { [`${part}_text_named_params`]: names.map((n) => ({ param_name: n, example: value(n) })) };
    const sorted = [...names].sort((a, b) => Number(a) - Number(b)).map(value);
    return part === 'header' ? { header_text: sorted } : { body_text: [sorted] };
  };
  const part = (type: 'HEADER' | 'BODY', text: string): TemplateComponent => {
    const e = example(type === 'HEADER' ? 'header' : 'body', text);
    return { type, ...(type === 'HEADER' ? { format: 'TEXT' } : {}), text, ...(e ? { example: e } : {}) };
  };
  const components: TemplateComponent[] = [];
  if (form.header.trim()) components.push(part('HEADER', form.header.trim()));
  components.push(part('BODY', form.body.trim()));
  if (form.footer.trim()) components.push({ type: 'FOOTER', text: form.footer.trim() });
  if (form.buttons.length > 0)
    components.push({
      type: 'BUTTONS',
      buttons: form.buttons.map((b): TemplateButton => {
        const text = b.text.trim();
        if (b.kind === 'URL') return { type: b.kind, text, url: b.target.trim() };
        if (b.kind === 'PHONE_NUMBER') return { type: b.kind, text, phone_number: `+${b.target.replace(/\D/g, '')}` };
        return { type: b.kind, text };
      }),
    });
  return { name: form.name, language: form.language, category: form.category, format, components };
}

/** What a preview draws. */
export interface TemplateView {
  header: string;
  /** A picture, film or document at the head. */
  media: string | undefined;
  body: string;
  footer: string;
  buttons: { kind: string; text: string }[];
}

export function viewOf(template: Pick<TemplateRow, 'components'>): TemplateView {
  const of = (type: string) => template.components.find((c) => c.type.toUpperCase() === type);
  const header = of('HEADER');
  const format = header?.format?.toUpperCase();
  return {
    header: header?.text ?? '',
    media: header && format && format !== 'TEXT' ? format.toLowerCase() : undefined,
    body: of('BODY')?.text ?? '',
    footer: of('FOOTER')?.text ?? '',
    buttons: (of('BUTTONS')?.buttons ?? []).map((b) => ({ kind: b.type, text: b.text ?? '' })),
  };
}

export function formView(form: TemplateForm): TemplateView {
  const value = (part: string) => (name: string) => form.examples[`${part}.${name}`];
  return {
    header: fillText(form.header.trim(), value('header')),
    media: undefined,
    body: fillText(form.body.trim(), value('body')),
    footer: form.footer.trim(),
    buttons: form.buttons.map((b) => ({ kind: b.kind, text: b.text })),
  };
}

export type Style = 'b' | 'i' | 's' | 'code';
export interface Span {
  text: string;
  style?: Style;
}

const marks: Record<string, Style> = { '*': 'b', _: 'i', '~': 's' };

/** *bold*, _italic_, ~struck~ and ```fixed``` as the phone shows them. */
export function spans(text: string): Span[] {
  const out: Span[] = [];
  let at = 0;
  for (const m of text.matchAll(/```([^`]+)```|(?<![\p{L}\p{N}])([*_~])(\S(?:[^\n]*?\S)?)\2(?![\p{L}\p{N}])/gu)) {
    if (m.index > at) out.push({ text: text.slice(at, m.index) });
    const style = m[2] === undefined ? 'code' : marks[m[2]];
    out.push({ text: m[1] ?? m[3] ?? '', ...(style ? { style } : {}) });
    at = m.index + m[0].length;
  }
  if (at < text.length) out.push({ text: text.slice(at) });
  return out;
}

export type TemplateTone = 'ok' | 'warn' | 'danger' | 'hollow';

export function templateTone(status: string): TemplateTone {
  switch (status.toUpperCase()) {
    case 'APPROVED':
      return 'ok';
    case 'PENDING':
    case 'IN_APPEAL':
    case 'PAUSED':
      return 'warn';
    case 'REJECTED':
    case 'DISABLED':
      return 'danger';
    default:
      return 'hollow';
  }
}
