import type base from '../pt/inbox';
import type { Translation } from '../types';

export default {
  title: 'Inbox',
} satisfies Translation<typeof base>;
