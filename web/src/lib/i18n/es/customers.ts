import type base from '../pt/customers';
import type { Translation } from '../types';

export default {
  title: 'Clientes',
} satisfies Translation<typeof base>;
