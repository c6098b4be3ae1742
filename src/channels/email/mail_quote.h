/* What of a mail is new, and what is quoted history or signature, so that a chat shows each word
 * once. Pure, linear. Careful: answers between quoted lines and forwarded mails stay whole. */
#ifndef INTERFLOW_CHANNELS_EMAIL_MAIL_QUOTE_H
#define INTERFLOW_CHANNELS_EMAIL_MAIL_QUOTE_H

#include <stdbool.h>

#include "base/arena.h"

struct mail_quote {
    const char *fresh;     /* what the sender wrote now; the whole when nothing else is found */
    const char *signature; /* below it; "" none */
    const char *quoted;    /* history, with the line that introduces it; "" none */
};

/* text: plain, \n line ends. Recognised: lines with ">", "On … wrote:" and its kin in pt, es, en, fr,
 * de, it, header blocks of Outlook, "-----Original Message-----" in these languages, "-- ". False
 * only when the arena's limit is met; fresh is then the whole text. */
bool mail_quote_text(struct arena *a, const char *text, struct mail_quote *ret);

/* html: raw, as received (cleaning takes the marks away); the results are raw pieces to be cleaned
 * one by one. Recognised: containers of Gmail, Outlook, Apple Mail, Thunderbird, Yahoo, Proton, Zoho
 * and blockquote type=cite with the line before them. */
bool mail_quote_html(struct arena *a, const char *html, struct mail_quote *ret);

/* Is the line (or the lines up to a line that ends with ':') one that introduces a quote? */
bool mail_quote_introduces(const char *line, size_t len);

#endif
