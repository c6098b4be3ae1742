import type base from '../pt/settings';
import type { Translation } from '../types';

export default {
  title: 'Settings',
} satisfies Translation<typeof base>;
