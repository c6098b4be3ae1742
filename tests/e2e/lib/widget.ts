/* The web chat on a visitor's page, as the visitor uses it. It lives in an open shadow root, which locators look into. */
import type { Locator, Page } from 'playwright-core';

export class Widget {
  constructor(readonly page: Page) {}

  get launcher(): Locator {
    return this.page.getByRole('button', { name: /^Abrir conversa/ });
  }
  get panel(): Locator {
    return this.page.locator('interflow-chat').getByRole('dialog');
  }
  get log(): Locator {
    return this.panel.getByRole('log');
  }
  get box(): Locator {
    return this.panel.getByRole('textbox', { name: 'Escreva sua mensagem' });
  }
  message(text: string): Locator {
    return this.log.locator('.m').filter({ hasText: text });
  }
  async open(): Promise<void> {
    await this.launcher.click();
    await this.panel.waitFor();
  }
  async write(text: string): Promise<void> {
    await this.box.fill(text);
    await this.box.press('Enter');
  }
  /** Everything said, in its order: the words of each bubble. */
  texts(): Promise<string[]> {
    return this.log.locator('.b').allInnerTexts();
  }
}
