/* Chats and messages. The base: its keys and {names} give the types for all languages. */
export default {
  title: 'Conversas',
} as const;
