/* The widget's look. A constructed sheet inside a shadow root: the page's styles do not come in, ours do not go out, and a content
 * security policy without inline styles does not mind. */
export const css = `
:host{all:initial;position:fixed;z-index:2147483000;bottom:20px;right:20px;--c:#5a4fd6;--on:#fff;--text:#171a21;--text2:#616878;--line:#e6e8ed;--well:#f0f2f5;--surface:#fff;font:14px/20px system-ui,-apple-system,"Segoe UI",Roboto,sans-serif;color:var(--text);color-scheme:light}
:host([data-side=left]){right:auto;left:20px}
@media (prefers-color-scheme:dark){:host{--text:#eceef2;--text2:#a0a7b5;--line:#2d323c;--well:#262a33;--surface:#171a20;color-scheme:dark}}
*{box-sizing:border-box;margin:0;padding:0}
button,input,textarea{font:inherit;color:inherit;background:none;border:0}
button{cursor:pointer}
:focus-visible{outline:2px solid var(--c);outline-offset:2px}
.launch{width:56px;height:56px;border-radius:50%;background:var(--c);color:var(--on);display:grid;place-items:center;box-shadow:0 4px 16px rgb(18 22 32/.28);position:relative;margin-left:auto}
:host([data-side=left]) .launch{margin-left:0}
.launch:focus-visible{outline-color:var(--text)}
.badge{position:absolute;top:-2px;right:-2px;min-width:20px;height:20px;padding:0 5px;border-radius:10px;background:#c42c47;color:#fff;font-size:12px;font-weight:600;line-height:20px;text-align:center}
.panel{position:absolute;bottom:72px;right:0;width:376px;height:min(600px,calc(100dvh - 112px));background:var(--surface);border-radius:12px;box-shadow:0 0 0 1px rgb(18 22 32/.1),0 12px 40px -8px rgb(18 22 32/.36);display:flex;flex-direction:column;overflow:hidden}
:host([data-side=left]) .panel{right:auto;left:0}
[hidden]{display:none!important}
.head{background:var(--c);color:var(--on);padding:14px 12px 14px 16px;display:flex;align-items:center;gap:8px}
.head div{flex:1;min-width:0}
.head h2{font-size:16px;line-height:22px;font-weight:600;overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
.head p{font-size:12px;line-height:16px;display:flex;align-items:center;gap:6px}
.dot{width:8px;height:8px;border-radius:50%;background:#4ade80;box-shadow:0 0 0 1px rgb(0 0 0/.25)}
.icon{width:40px;height:40px;border-radius:8px;display:grid;place-items:center;flex:none}
.head .icon:hover{background:rgb(255 255 255/.16)}
.head .icon:focus-visible{outline-color:var(--on)}
svg{width:20px;height:20px;fill:none;stroke:currentColor;stroke-width:1.75;stroke-linecap:round;stroke-linejoin:round}
.launch svg{width:26px;height:26px}
.bar{background:#fff4dc;color:#6b4300;font-size:12px;line-height:16px;padding:8px 16px}
.log{flex:1;overflow:auto;padding:16px;display:flex;flex-direction:column;gap:6px;overscroll-behavior:contain;scrollbar-width:thin}
.log>:first-child{margin-top:auto}
.m{display:flex;flex-direction:column;gap:2px;max-width:82%;align-items:flex-start}
.m.visitor{align-self:flex-end;align-items:flex-end}
.m.system{align-self:center;color:var(--text2);font-size:12px;line-height:16px;text-align:center;margin:6px 0}
.b{position:relative;padding:8px 12px;border-radius:14px;background:var(--well);overflow-wrap:anywhere;white-space:pre-wrap;border-bottom-left-radius:4px;max-width:100%}
.visitor .b{background:var(--c);color:var(--on);border-radius:14px;border-bottom-right-radius:4px}
.b.gone{font-style:italic;opacity:.7}
.b a{color:inherit;text-decoration:underline}
.q{border-left:2px solid currentColor;padding-left:8px;margin-bottom:4px;font-size:12px;line-height:16px;display:-webkit-box;-webkit-line-clamp:2;-webkit-box-orient:vertical;overflow:hidden}
.meta{font-size:11px;line-height:14px;color:var(--text2);padding:0 4px}
.meta button{text-decoration:underline;color:#c42c47;font-weight:500}
.err{color:#c42c47}
@media (prefers-color-scheme:dark){.err,.meta button{color:#f58b9a}}
.img{display:block;border-radius:10px;max-width:100%;max-height:240px;height:auto;background:var(--well)}
.file{display:flex;gap:8px;align-items:center;padding:10px 12px;border-radius:12px;background:var(--well);color:inherit;text-decoration:none;max-width:100%;min-height:44px}
.file span{min-width:0;overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
.file small{color:var(--text2);font-size:12px;white-space:nowrap}
video,audio{max-width:100%;border-radius:10px}
.typing{color:var(--text2);font-size:12px;height:16px;line-height:16px;padding:0 16px;flex:none}
.foot{border-top:1px solid var(--line);padding:8px;flex:none}
.reply{display:flex;align-items:center;gap:8px;padding:4px 4px 8px 8px;font-size:12px;line-height:16px;color:var(--text2)}
.reply span{flex:1;min-width:0;overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
.write{display:flex;align-items:flex-end;gap:2px}
.write textarea{flex:1;resize:none;max-height:120px;padding:10px 8px;line-height:20px;min-width:0;outline:0}
.write textarea::placeholder{color:var(--text2);opacity:1}
.write:focus-within{outline:2px solid var(--c);outline-offset:3px;border-radius:6px}
.write .icon{color:var(--text2)}
.write .icon:hover{background:var(--well)}
.write .go{color:var(--link)}
.write .go:disabled{opacity:.45;cursor:default}
.o{display:flex;flex-wrap:wrap;gap:6px;max-width:100%;margin:2px 0}
.c{display:flex;align-items:center;gap:8px;min-height:44px;max-width:100%;padding:8px 16px;border:1px solid #878e9e;border-radius:14px;font-weight:500;line-height:18px;text-align:start;text-decoration:none;color:inherit;overflow-wrap:anywhere;cursor:pointer}
.c:hover{background:var(--well)}
.c:focus-visible{outline-color:var(--text)}
.c span{min-width:0}
.c svg{flex:none;width:16px;height:16px}
.c small{display:block;font-size:12px;line-height:16px;font-weight:400;color:var(--text2)}
.c:disabled{color:var(--text2);border-style:dashed;background:none;cursor:default}
.c[aria-disabled],.c[aria-disabled] small{background:var(--c);color:var(--on);cursor:default}
details{max-width:100%}
details .c{width:100%}
details>*{margin-bottom:4px}
summary{list-style:none;justify-content:space-between}
summary::-webkit-details-marker{display:none}
[open]>summary svg{transform:rotate(180deg)}
h3{font-size:12px;line-height:16px;font-weight:600;color:var(--text2);padding:6px 4px 0}
.form{flex:1;overflow:auto;padding:20px 16px;display:flex;flex-direction:column;gap:14px}
.form label{display:flex;flex-direction:column;gap:4px;font-weight:500;font-size:13px}
.form input{border:1px solid #878e9e;border-radius:8px;padding:0 12px;height:44px;font-size:16px;font-weight:400}
.form small{font-weight:400;min-height:16px;font-size:12px;line-height:16px}
.form [aria-invalid=true]{border-color:#c42c47}
.cta{height:44px;border-radius:8px;background:var(--c);color:var(--on);font-weight:600;text-align:center}
.hello{white-space:pre-wrap;color:var(--text2)}
.r{opacity:0;width:28px;height:28px;color:var(--text2);border-radius:6px;display:grid;place-items:center}
.r svg{width:16px;height:16px}
.line{display:flex;align-items:center;gap:2px;max-width:100%}
.line>:first-child{min-width:0}
.m:hover .r,.r:focus-visible{opacity:1}
@media (hover:none){.r{opacity:.6}}
.sr{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
@media (max-width:480px){
:host([data-open]){inset:0;bottom:0;right:0;left:0!important}
:host([data-open]) .launch{display:none}
.panel,:host([data-side=left]) .panel{inset:0;width:auto;height:100dvh;border-radius:0;box-shadow:none}
.write textarea{font-size:16px}
.icon{width:44px;height:44px}
}
@media (prefers-reduced-motion:no-preference){.panel{animation:up .16s cubic-bezier(.2,.8,.2,1)}@keyframes up{from{opacity:0;transform:translateY(8px)}}}
@media (prefers-color-scheme:dark){.write .go{color:var(--text)}.write:focus-within{outline-color:var(--text2)}}
`;
