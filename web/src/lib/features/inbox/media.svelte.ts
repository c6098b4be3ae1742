/* Which layout the window has room for: one pane (phone), two (the customer in a sheet), three. */
import { MediaQuery } from 'svelte/reactivity';

const phone = new MediaQuery('(max-width: 720px)');
const wide = new MediaQuery('(min-width: 1100px)');
const coarse = new MediaQuery('(pointer: coarse)');

export const media = {
  get phone() {
    return phone.current;
  },
  get wide() {
    return wide.current;
  },
  /** A finger: Enter makes a line, the button sends. */
  get touch() {
    return coarse.current;
  },
};
