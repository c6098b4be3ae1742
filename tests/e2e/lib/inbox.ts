/* The inbox as a person works with it: everything is found by its role and name, in Portuguese. */
import type { Locator, Page } from 'playwright-core';

export class Inbox {
  constructor(readonly page: Page) {}

  /** A row of the list, by the customer's name or what it shows. */
  row(text: string): Locator {
    return this.page.getByRole('option').filter({ hasText: text });
  }
  tab(name: string): Locator {
    return this.page.getByRole('tab', { name });
  }
  get chat(): Locator {
    return this.page.getByRole('region', { name: /^Conversa com/ });
  }
  get messages(): Locator {
    return this.page.getByRole('region', { name: 'Mensagens' });
  }
  get composer(): Locator {
    return this.page.getByRole('textbox', { name: 'Resposta ao cliente' });
  }
  get noteComposer(): Locator {
    return this.page.getByRole('textbox', { name: 'Nota interna' });
  }
  /** The bubble (or note) that holds these words. */
  message(text: string): Locator {
    return this.messages.locator('[data-message]').filter({ hasText: text });
  }
  /** How far a message of ours has come: Enviando, Enviada, Entregue, Lida. */
  state(text: string, name: string): Locator {
    return this.message(text).getByRole('img', { name, exact: true });
  }
  async open(text: string): Promise<void> {
    await this.row(text).click();
    await this.chat.waitFor();
  }
  async send(text: string): Promise<void> {
    // The composer stays where it was: at notes, after a note.
    if (await this.noteComposer.isVisible()) await this.chat.getByRole('button', { name: 'Responder', exact: true }).click();
    await this.composer.fill(text);
    await this.composer.press('Enter');
  }
  async note(text: string): Promise<void> {
    await this.page.getByRole('button', { name: 'Nota', exact: true }).click();
    await this.noteComposer.fill(text);
    await this.page.getByRole('button', { name: 'Anotar' }).click();
  }
  async menu(item: string): Promise<void> {
    await this.chat.getByRole('button', { name: 'Mais ações' }).click();
    await this.page.getByRole('menuitem', { name: item }).click();
  }
  /** Every message of the open chat in its order, as its words without time and state. */
  texts(): Promise<string[]> {
    return this.messages.locator('[data-message] .words').allInnerTexts();
  }
}
