/* Customers. The base: its keys and {names} give the types for all languages. */
export default {
  title: 'Clientes',
} as const;
