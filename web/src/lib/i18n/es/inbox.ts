import type base from '../pt/inbox';
import type { Translation } from '../types';

export default {
  title: 'Conversaciones',
} satisfies Translation<typeof base>;
