import type base from '../pt/customers';
import type { Translation } from '../types';

export default {
  title: 'Customers',
} satisfies Translation<typeof base>;
