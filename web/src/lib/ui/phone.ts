/** Says whether the window is as narrow as a phone: now, and when that changes. Returns the end of it. */
export function watchPhone(set: (phone: boolean) => void): () => void {
  const media = matchMedia('(max-width: 720px)');
  const tell = () => set(media.matches);
  tell();
  media.addEventListener('change', tell);
  return () => media.removeEventListener('change', tell);
}
