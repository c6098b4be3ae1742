/* The widget on the screen: launcher, panel, conversation, composer. Draws what the store says. */
import { h, icon, luminance, sizeText } from './dom';
import { formView } from './form';
import { messageView } from './message';
import type { Store } from './store';
import { css } from './style';
import type { Texts } from './texts';
import type { ChatMessage } from './types';

const node = (name: string): Node => icon(name) as unknown as Node;

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
  private shown = '';
  private typed = 0;

  constructor(
    private readonly store: Store,
    private readonly t: Texts,
  ) {
    const c = store.config;
    this.launch = h('button', { class: 'launch', type: 'button', 'aria-expanded': 'false', click: () => this.toggle() }, node('chat'), this.badge);
    this.log = h('div', { class: 'log', role: 'log', 'aria-live': 'polite', 'aria-label': t.history, tabindex: 0 });
    this.area = h('textarea', { rows: 1, placeholder: t.placeholder, 'aria-label': t.placeholder, maxlength: 4000 }) as HTMLTextAreaElement;
    this.go = h('button', { class: 'icon go', type: 'submit', 'aria-label': t.send, title: t.send, disabled: true }, node('send')) as HTMLButtonElement;
    this.foot = this.composer();
    this.panel = h(
      'section',
      { class: 'panel', role: 'dialog', 'aria-label': c.title, hidden: true },
      h('header', { class: 'head' }, h('div', {}, h('h2', {}, c.title), this.presence()), h('button', { class: 'icon', type: 'button', 'aria-label': t.close, title: t.close, click: () => this.toggle(false) }, node('down'))),
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
      this.log.scrollTop = this.log.scrollHeight;
      (this.form?.querySelector('input') ?? this.area).focus();
    } else this.launch.focus();
    this.draw();
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
    const file = h('input', { type: 'file', hidden: true, tabindex: -1 }) as HTMLInputElement;
    file.addEventListener('change', () => {
      const f = file.files?.[0];
      file.value = '';
      if (f) this.attach(f);
    });
    this.area.addEventListener('input', () => this.grow());
    this.area.addEventListener('keydown', (e) => {
      if (e.key === 'Enter' && !e.shiftKey && !e.isComposing) {
        e.preventDefault();
        this.submit();
      }
    });
    this.area.addEventListener('paste', (e) => {
      const f = e.clipboardData?.files[0];
      if (f) {
        e.preventDefault();
        this.attach(f);
      }
    });
    const write = h('form', { class: 'write' }, h('button', { class: 'icon', type: 'button', 'aria-label': this.t.attach, title: this.t.attach, click: () => file.click() }, node('clip')), file, this.area, this.go);
    write.addEventListener('submit', (e) => {
      e.preventDefault();
      this.submit();
    });
    const foot = h('div', { class: 'foot' }, this.replyBar, write);
    foot.addEventListener('dragover', (e) => e.preventDefault());
    foot.addEventListener('drop', (e) => {
      e.preventDefault();
      const f = (e as DragEvent).dataTransfer?.files[0];
      if (f) this.attach(f);
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

  private attach(f: File): void {
    if (f.size > this.store.config.fileMaxBytes) {
      const max = sizeText(this.store.config.fileMaxBytes, this.store.config.language);
      this.bar.textContent = this.t.tooLarge.replace('{max}', max);
      this.bar.hidden = false;
      return;
    }
    void this.store.write('', f, this.replyTo);
    this.reply(undefined);
  }

  private submit(): void {
    const text = this.area.value.trim();
    if (!text) return;
    this.area.value = '';
    this.typed = 0;
    this.grow();
    this.store.tellTyping(false);
    void this.store.write(text, undefined, this.replyTo);
    this.reply(undefined);
    this.log.scrollTop = this.log.scrollHeight;
  }

  private reply(m: ChatMessage | undefined): void {
    this.replyTo = m;
    this.replyBar.hidden = !m;
    if (!m) return;
    this.replyBar.replaceChildren(
      h('span', {}, m.text),
      h('button', { class: 'icon', type: 'button', 'aria-label': this.t.cancelReply, click: () => this.reply(undefined) }, node('close')),
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
    this.typing.textContent = store.typing ? `${t.team} ${t.typing}…` : '';
    const waits = !store.online && store.all().length > 0;
    this.bar.hidden = !waits && !store.loadFailed;
    this.bar.textContent = store.loadFailed ? t.loadFailed : t.offline;
    this.drawLog(store.all());
  }

  /* Redrawn only when something in it changed; stays at the end when the visitor was there. */
  private drawLog(all: ChatMessage[]): void {
    const sign = JSON.stringify(all.map((m) => [m.id, m.clientId, m.status, m.pending, m.deleted, m.text]));
    if (sign === this.shown) return;
    this.shown = sign;
    const atEnd = this.log.scrollHeight - this.log.scrollTop - this.log.clientHeight < 60;
    const rows = all.map((m, i) => messageView(m, this.store, this.t, all[i + 1]?.from !== m.from, (x) => this.reply(x)));
    const { welcome } = this.store.config;
    if (welcome) rows.unshift(h('div', { class: 'm agent' }, h('div', { class: 'b' }, welcome)));
    this.log.replaceChildren(...rows);
    if (atEnd) this.log.scrollTop = this.log.scrollHeight;
  }
}
