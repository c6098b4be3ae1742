/* The number of unread chats on the tab's icon: the logo with a dot, drawn anew when the number changes. */

let original: string | undefined;
let shown = 0;

function link(): HTMLLinkElement | null {
  return document.querySelector<HTMLLinkElement>('link[rel="icon"]');
}

/** 0 brings the plain logo back. Where drawing is not possible the icon stays as it is. */
export function setFaviconBadge(count: number): void {
  const to = link();
  if (!to || count === shown) return;
  original ??= to.href;
  shown = count;
  if (count === 0) {
    to.href = original;
    return;
  }
  const logo = new Image();
  logo.onload = () => {
    if (shown !== count) return;
    const canvas = document.createElement('canvas');
    canvas.width = canvas.height = 64;
    const c = canvas.getContext('2d');
    if (!c) return;
    c.drawImage(logo, 0, 0, 64, 64);
    c.fillStyle = '#c42c47';
    c.beginPath();
    c.arc(42, 42, 22, 0, 2 * Math.PI);
    c.fill();
    c.fillStyle = '#ffffff';
    c.font = `600 ${count > 9 ? 26 : 32}px Inter, system-ui, sans-serif`;
    c.textAlign = 'center';
    c.textBaseline = 'middle';
    c.fillText(count > 99 ? '99' : String(count), 42, 44);
    to.type = 'image/png';
    to.href = canvas.toDataURL('image/png');
  };
  logo.src = original;
}
