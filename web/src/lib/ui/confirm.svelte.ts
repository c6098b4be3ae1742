/* Asking before what cannot be undone. The question names the thing; with `type`, its name must be typed.
   `if (await confirm({ title: t('channels.deleteAsk', { name }), … })) …`. Drawn by ConfirmHost. */

export interface Question {
  title: string;
  body?: string | undefined;
  /** The verb on the button that does it. */
  action: string;
  /** The word on the button that leaves all as it is. */
  keep?: string | undefined;
  danger?: boolean | undefined;
  /** Must be typed before the button works. */
  type?: string | undefined;
}

export const asked = $state<{ question: Question | undefined }>({ question: undefined });
let settle: ((yes: boolean) => void) | undefined;

export function confirm(question: Question): Promise<boolean> {
  settle?.(false);
  asked.question = question;
  return new Promise((resolve) => (settle = resolve));
}

export function answer(yes: boolean): void {
  asked.question = undefined;
  settle?.(yes);
  settle = undefined;
}
