/* Shows /api/openapi.json and lets one try it: with the login of this browser, or with a key (Authorize). */

/* What Swagger UI leaves to be wished for by those who hear the page: levels of headings without a gap, names of lists to
   choose from. */
const parts = [
  ['.information-container', 'About'],
  ['.scheme-container', 'Access'],
  ['.filter-container', 'Filter'],
];

function name(root) {
  for (const heading of root.querySelectorAll('h3.opblock-tag, .models h4')) heading.setAttribute('aria-level', '2');
  for (const [part, label] of parts)
    for (const e of root.querySelectorAll(part)) {
      e.setAttribute('role', 'region');
      e.setAttribute('aria-label', label);
    }
  for (const list of root.querySelectorAll('select:not([aria-label])'))
    list.setAttribute('aria-label', list.id || 'Choice');
}

window.addEventListener('DOMContentLoaded', () => {
  const docs = document.getElementById('docs');
  new MutationObserver(() => name(docs)).observe(docs, { childList: true, subtree: true });
  window.SwaggerUIBundle({
    url: '/api/openapi.json',
    dom_id: '#docs',
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
