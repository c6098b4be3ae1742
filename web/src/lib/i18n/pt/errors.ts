/* What went wrong, what was kept, what to do next. The base: its keys and {names} give the types for all languages. */
export default {
  network: 'Sem conexão com o servidor. Nada foi perdido: tente de novo.',
  timeout: 'O servidor demorou demais a responder. Tente de novo.',
  busy: 'Muitos pedidos em pouco tempo. Espere um momento e tente de novo.',
  busySeconds: { one: 'Espere {n} segundo e tente de novo.', other: 'Espere {n} segundos e tente de novo.' },
  signedOut: 'A sessão terminou. Entre de novo.',
  forbidden: 'Seu papel não permite isso. Fale com um administrador.',
  notFound: 'Isso não existe mais, ou você não tem acesso.',
  conflict: 'Alguém mudou isso ao mesmo tempo. Confira e tente de novo.',
  invalid: 'Confira os campos marcados.',
  tooBig: 'É grande demais para o servidor.',
  server: 'O servidor falhou. Tente de novo; se continuar, informe o código {id}.',
  unexpected: 'Algo falhou nesta página. Recarregue se ela parar de responder.',
  retry: 'Tentar de novo',
} as const;
