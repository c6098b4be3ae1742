import type base from '../pt/settings';
import type { Translation } from '../types';

export default {
  title: 'Configuración',
} satisfies Translation<typeof base>;
