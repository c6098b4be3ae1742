/* Shows /api/openapi.json and lets one try it: with the login of this browser, or with a key (Authorize). */
window.addEventListener('DOMContentLoaded', () => {
  window.SwaggerUIBundle({
    url: '/api/openapi.json',
    dom_id: '#docs',
    deepLinking: true,
    docExpansion: 'list',
    defaultModelsExpandDepth: 0,
    displayRequestDuration: true,
    filter: true,
    syntaxHighlight: { activate: true, theme: 'agate' },
    validatorUrl: null,
    requestInterceptor(request) {
      // Proves to the server that this page, not another site, sends the cookie along.
      if (new URL(request.url, location.href).origin === location.origin)
        request.headers['X-Requested-With'] = 'interflow';
      return request;
    },
  });
});
