/* The widget on the screen: launcher, panel, conversation, composer. Draws what the store says. */
import { h, icon, luminance, sizeText } from './dom';
import { formView } from './form';
import { messageView } from './message';
import type { Store } from './store';
import { css } from './style';
import type { Texts } from './texts';
import type { ChatMessage } from './types';

const node = (name: string): Node => icon(name) as unknown as Node;

const reachable = (row: Element): HTMLElement[] => [
  ...row.querySelectorAll<HTMLElement>('a,button,summary,audio,video'),
];

/* What in a row that was made anew stands where the focus was in the old one. */
function sameIn(old: Element, row: Element, focused: Element | null): HTMLElement | undefined {
  return reachable(row)[reachable(old).findIndex((e) => e === focused)];
}

/* An open list stays open, until something of it is chosen. */
function keepOpen(old: Element, row: Element): void {
  const [was, now] = [old, row].map((r) => r.querySelector('details'));
  const chosen = (d: Element) => !!d.querySelector('[aria-disabled]');
  if (was?.open && now) now.open = chosen(was) || !chosen(now);
}

export class View {
  private readonly host = h('interflow-chat');
  private readonly root = this.host.attachShadow({ mode: 'open' });
  private readonly badge = h('span', { class: 'badge', hidden: true });
  private readonly launch: HTMLElement;
  private readonly panel: HTMLElement;
  private readonly bar = h('div', { class: 'bar', role: 'status', hidden: true });
  private readonly log: HTMLElement;
  private readonly typing = h('div', { class: 'typing', role: 'status' });
  private readonly replyBar = h('div', { class: 'reply', hidden: true });
  private readonly area: HTMLTextAreaElement;
  private readonly go: HTMLButtonElement;
  private readonly foot: HTMLElement;
  private form?: HTMLElement;
  private replyTo?: ChatMessage;
  private readonly rows = new Map<string, { sign: string; row: HTMLElement }>();
  private typed = 0;
  private warning = '';

  constructor(
    private readonly store: Store,
    private readonly t: Texts,
  ) {
    const c = store.config;
    this.launch = h(
      'button',
      { class: 'launch', type: 'button', 'aria-expanded': 'false', click: () => this.toggle() },
      node('chat'),
      this.badge,
    );
    this.log = h('div', { class: 'log', role: 'log', 'aria-live': 'polite', 'aria-label': t.history, tabindex: 0 });
    this.area = h('textarea', {
      rows: 1,
      dir: 'auto',
      placeholder: t.placeholder,
      'aria-label': t.placeholder,
      maxlength: 4000,
    }) as HTMLTextAreaElement;
    this.go = h(
      'button',
      { class: 'icon go', type: 'submit', 'aria-label': t.send, title: t.send, disabled: true },
      node('send'),
    ) as HTMLButtonElement;
    /* Pictures that arrive push the end down; who was there stays there. */
    this.log.addEventListener(
      'load',
      () => this.log.scrollHeight - this.log.scrollTop - this.log.clientHeight < 320 && this.toEnd(),
      true,
    );
    this.foot = this.composer();
    this.panel = h(
      'section',
      { class: 'panel', role: 'dialog', 'aria-label': c.title, hidden: true },
      h(
        'div',
        { class: 'head' },
        h('div', {}, h('h2', {}, c.title), this.presence()),
        h(
          'button',
          { class: 'icon', type: 'button', 'aria-label': t.close, title: t.close, click: () => this.toggle(false) },
          node('down'),
        ),
      ),
      this.bar,
      this.log,
      this.typing,
      this.foot,
    );
    this.panel.addEventListener('keydown', (e) => {
      if ((e as KeyboardEvent).key === 'Escape') this.toggle(false);
      e.stopPropagation();
    });
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(css);
    this.root.adoptedStyleSheets = [sheet];
    this.root.append(this.panel, this.launch);
    this.colours(c.color);
    this.host.dataset['side'] = c.position;
    document.body.append(this.host);
    store.onchange = () => this.draw();
    document.addEventListener('visibilitychange', () => store.open && !document.hidden && store.look());
    this.draw();
  }

  toggle(open: boolean = !!this.panel.hidden): void {
    this.panel.hidden = !open;
    this.store.open = open;
    this.host.toggleAttribute('data-open', open);
    this.launch.setAttribute('aria-expanded', String(open));
    if (open) {
      this.store.look();
      this.toEnd();
      (this.form?.querySelector('input') ?? this.area).focus();
    } else this.launch.focus();
    this.draw();
  }

  private toEnd(): void {
    this.log.scrollTop = this.log.scrollHeight;
  }

  private colours(color: string): void {
    const l = luminance(color);
    const s = this.host.style;
    s.setProperty('--c', color);
    s.setProperty('--on', 1.05 / (l + 0.05) >= 4.5 ? '#fff' : '#171a21');
    s.setProperty('--link', l > 0.4 ? 'var(--text)' : color);
  }

  private presence(): HTMLElement {
    const c = this.store.config;
    if (!c.open) return h('p', {}, c.hoursText || this.t.closedNow);
    return c.online ? h('p', {}, h('span', { class: 'dot' }), this.t.online) : h('p', {}, this.t.away);
  }

  private composer(): HTMLElement {
    const file = h('input', { type: 'file', multiple: true, hidden: true, tabindex: -1 }) as HTMLInputElement;
    file.addEventListener('change', () => {
      const chosen = [...(file.files ?? [])];
      file.value = '';
      this.attach(chosen);
    });
    this.area.addEventListener('input', () => this.grow());
    this.area.addEventListener('keydown', (e) => {
      if (e.key === 'Enter' && !e.shiftKey && !e.isComposing) {
        e.preventDefault();
        this.submit();
      }
    });
    this.area.addEventListener('paste', (e) => {
      const pasted = [...(e.clipboardData?.files ?? [])];
      if (pasted.length) {
        e.preventDefault();
        this.attach(pasted);
      }
    });
    const write = h(
      'form',
      { class: 'write' },
      h(
        'button',
        { class: 'icon', type: 'button', 'aria-label': this.t.attach, title: this.t.attach, click: () => file.click() },
        node('clip'),
      ),
      file,
      this.area,
      this.go,
    );
    write.addEventListener('submit', (e) => {
      e.preventDefault();
      this.submit();
    });
    const foot = h('div', { class: 'foot' }, this.replyBar, write);
    foot.addEventListener('dragover', (e) => e.preventDefault());
    foot.addEventListener('drop', (e) => {
      e.preventDefault();
      this.attach([...((e as DragEvent).dataTransfer?.files ?? [])]);
    });
    return foot;
  }

  private grow(): void {
    this.go.disabled = !this.area.value.trim();
    this.area.style.height = 'auto';
    this.area.style.height = `${Math.min(this.area.scrollHeight, 120)}px`;
    if (Date.now() - this.typed > 3000 && this.area.value) {
      this.typed = Date.now();
      this.store.tellTyping(true);
    }
  }

  private attach(files: File[]): void {
    const max = this.store.config.fileMaxBytes;
    this.warning = files.some((f) => f.size > max)
      ? this.t.tooLarge.replace('{max}', sizeText(max, this.store.config.language))
      : '';
    for (const f of files) {
      if (f.size > max) continue;
      void this.store.write('', f, this.replyTo);
      this.reply(undefined);
    }
    this.draw();
  }

  private submit(): void {
    const text = this.area.value.trim();
    if (!text) return;
    this.warning = '';
    this.area.value = '';
    this.typed = 0;
    this.grow();
    this.store.tellTyping(false);
    void this.store.write(text, undefined, this.replyTo);
    this.reply(undefined);
    this.toEnd();
  }

  private reply(m: ChatMessage | undefined): void {
    this.replyTo = m;
    this.replyBar.hidden = !m;
    if (!m) return;
    this.replyBar.replaceChildren(
      h('span', {}, m.text),
      h(
        'button',
        { class: 'icon', type: 'button', 'aria-label': this.t.cancelReply, click: () => this.reply(undefined) },
        node('close'),
      ),
    );
    this.area.focus();
  }

  private draw(): void {
    const { store, t } = this;
    const asks = store.needsForm();
    if (asks && !this.form) this.log.before((this.form = formView(store, t)));
    if (!asks && this.form) {
      this.form.remove();
      this.form = undefined;
      this.area.focus();
    }
    this.log.hidden = this.foot.hidden = this.typing.hidden = asks;
    this.badge.hidden = !store.unread;
    this.badge.textContent = String(Math.min(store.unread, 99));
    this.launch.setAttribute('aria-label', store.unread ? `${t.open}, ${store.unread} ${t.newMessages}` : t.open);
    const types = store.typing ? `${t.team} ${t.typing}…` : '';
    if (this.typing.textContent !== types) this.typing.textContent = types;
    const waits = !store.online && store.all().length > 0;
    const says = this.warning || (store.paused ? t.paused : store.loadFailed ? t.loadFailed : waits ? t.offline : '');
    if (this.bar.textContent !== says) this.bar.textContent = says;
    this.bar.hidden = !says;
    this.drawLog(store.all());
  }

  /* A row is made anew only when something in it changed, and moved only when its place did: a voice message goes on playing, and a
     screen reader hears what is new and nothing else. Stays at the end when the visitor was there. */
  private drawLog(all: ChatMessage[]): void {
    const { log } = this;
    const atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 60;
    const { welcome } = this.store.config;
    const chosen = this.store.chosen();
    const wanted = all.map((m, i) => ({ key: m.clientId || m.id, m, last: all[i + 1]?.from !== m.from }));
    let at: Element | null = log.firstElementChild;
    /* Made anew while the visitor was in it, as when a button was pressed. */
    let here: HTMLElement | undefined;
    const put = (key: string, sign: string, make: () => HTMLElement): void => {
      const had = this.rows.get(key);
      const row = had?.sign === sign ? had.row : make();
      if (had && had.row !== row) {
        if (at === had.row) at = had.row.nextElementSibling;
        here ??= sameIn(had.row, row, this.root.activeElement);
        keepOpen(had.row, row);
        had.row.remove();
      }
      this.rows.set(key, { sign, row });
      if (at === row) at = row.nextElementSibling;
      else log.insertBefore(row, at);
    };
    const keys = new Set(wanted.map((w) => w.key));
    for (const [key, { row }] of this.rows) {
      if (keys.has(key) || key === '') continue;
      if (at === row) at = row.nextElementSibling;
      row.remove();
      this.rows.delete(key);
    }
    if (welcome) put('', welcome, () => h('div', { class: 'm agent' }, h('div', { class: 'b' }, welcome)));
    for (const { key, m, last } of wanted) {
      const choice = chosen.get(m.id);
      const status = m.from === 'visitor' && m.status;
      const sign = JSON.stringify([m.id, status, m.pending, m.deleted, m.text, m.files.length, last, choice]);
      put(key, sign, () => messageView(m, this.store, this.t, last, choice, (x) => this.reply(x)));
    }
    if (atEnd) this.toEnd();
    /* Who uses the keyboard stays where they were, or as near as there is. */
    if (!here) return;
    here.focus({ preventScroll: true });
    if (this.root.activeElement !== here)
      (here.closest('details')?.querySelector('summary') ?? log).focus({ preventScroll: true });
  }
}
