import type base from '../pt/customers';
import type { Translation } from '../types';

/* Customers. */
export default {
  title: 'Customers',
} satisfies Translation<typeof base>;
