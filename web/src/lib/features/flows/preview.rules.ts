/* How a channel shows a message with choices, by its limits: buttons, a list, or numbered text where it has neither. The
   engine degrades in the same way; here it is shown, and what does not fit is counted. */
import type { ChannelLimits } from '$lib/api/types';
import { charCount } from './text.rules';
import type { Choice } from './types';

export type Display = 'buttons' | 'list' | 'numbers';

export interface Shown {
  display: Display;
  /** Text with the numbered options, where they are not drawn. */
  text: string;
  /** Characters or options too many, by what. */
  over: { what: 'text' | 'options' | 'title'; n: number; option?: string }[];
}

const max = (n: number | undefined) => (n === undefined || n === 0 ? Infinity : n);

/** What comes of a wish on a channel with these limits (absent: a channel that shows anything). */
export function shownAs(
  text: string,
  options: readonly Choice[],
  wish: string,
  limits: Partial<ChannelLimits> | undefined,
): Shown {
  const over: Shown['over'] = [];
  let display: Display = wish === 'list' || wish === 'numbers' ? wish : 'buttons';
  if (options.length === 0) {
    const many = charCount(text) - max(limits?.textMax);
    if (many > 0 && !limits?.textSplits) over.push({ what: 'text', n: many });
    return { display, text, over };
  }
  const buttons = limits?.buttonsMax ?? 10;
  const rows = limits?.listRowsMax ?? 10;
  if (display === 'buttons' && options.length > buttons) display = rows >= options.length ? 'list' : 'numbers';
  if (display === 'list' && rows < options.length) display = 'numbers';
  if (display === 'list' && rows === 0) display = 'numbers';
  const titleMax =
    display === 'buttons' ? max(limits?.buttonTitleMax) : display === 'list' ? max(limits?.listTitleMax) : Infinity;
  for (const o of options) {
    const n = charCount(o.title) - titleMax;
    if (n > 0) over.push({ what: 'title', n, option: o.id });
  }
  const textMax =
    display === 'buttons'
      ? max(limits?.buttonsTextMax)
      : display === 'list'
        ? max(limits?.listTextMax)
        : max(limits?.textMax);
  const full = display === 'numbers' ? [text, ...options.map((o, i) => `${i + 1}. ${o.title}`)].join('\n') : text;
  const many = charCount(full) - textMax;
  if (many > 0 && !(display === 'numbers' && limits?.textSplits)) over.push({ what: 'text', n: many });
  return { display, text: full, over };
}
