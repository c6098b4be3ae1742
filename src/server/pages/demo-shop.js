/* The page's own button opens the chat, as any shop could do. */
document.getElementById('talk').addEventListener('click', () => window.Interflow?.open());
