/* HTML of mails: safe to show, as plain text, and made from plain text. Pure; input is UTF-8 (what is
 * not valid becomes U+FFFD); linear in its size whatever it holds. */
#ifndef INTERFLOW_CHANNELS_EMAIL_MAIL_HTML_H
#define INTERFLOW_CHANNELS_EMAIL_MAIL_HTML_H

#include <stdbool.h>

#include "base/arena.h"

struct mail_html_options {
    bool remote_images; /* the person asked for them; else they wait in data-remote-src */
    bool sheets; /* keep filtered <style> and classes: only for a frame that holds nothing else */
    /* The address of an inline image by its Content-ID, NULL when there is none. The result is
     * escaped here; it must be one of ours. NULL: all cid: images become data-cid. */
    const char *(*cid)(void *arg, const char *content_id);
    void *arg;
    size_t output_max; /* bytes; 0: 4 MiB */
};
struct mail_html {
    const char *html; /* well nested; a fragment for the body of a sandboxed frame */
    size_t len;
    int remote_images; /* that wait, or were let through */
    int trackers;      /* tiny or hidden remote images, always dropped */
    bool cut;          /* output_max was met */
};
/* Safe HTML: elements, attributes, CSS properties and addresses from allow-lists, everything else
 * gone, text escaped anew. No script, form, frame, style sheet (unless sheets), position, url();
 * links open elsewhere (target, rel) and lead only to http, https, mailto, tel. False when the
 * arena's limit is met. */
bool mail_html_clean(struct arena *a, const char *html, size_t len,
                     const struct mail_html_options *options, struct mail_html *ret);

struct mail_html_text_options {
    bool links;        /* "words (https://…)" where the words do not say it */
    size_t output_max; /* bytes; 0: 1 MiB */
};
/* Readable plain text: paragraphs, lists, rows, quotes with "> ". Hidden text stays out. NULL only
 * when the arena's limit is met. */
char *mail_html_text(struct arena *a, const char *html,
                     const struct mail_html_text_options *options);

/* Plain text as HTML: escaped, line ends as <br>, addresses of http(s) and mail as links, quoted
 * lines ("> ") as blockquote. NULL when the arena's limit is met. */
char *mail_html_from_text(struct arena *a, const char *text);

#endif
