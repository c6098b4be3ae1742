export const words: Record<'pt' | 'es' | 'en', Record<string, string>>;
