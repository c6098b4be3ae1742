/* Runs before the first paint, so that a dark page never flashes white. The rest of the theme is in lib/shell/theme.svelte.ts. */
(function () {
  var stored = null;
  try {
    stored = localStorage.getItem('theme');
  } catch (e) {
    /* storage may be forbidden: the system's choice then */
  }
  var dark = stored === 'dark' || (stored !== 'light' && matchMedia('(prefers-color-scheme: dark)').matches);
  document.documentElement.dataset.theme = dark ? 'dark' : 'light';
})();
