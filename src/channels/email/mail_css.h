/* Style out of a mail: what may stay, written anew. Nothing that loads, moves out of its place or
 * covers something else. Pure, linear. */
#ifndef INTERFLOW_CHANNELS_EMAIL_MAIL_CSS_H
#define INTERFLOW_CHANNELS_EMAIL_MAIL_CSS_H

#include <stdbool.h>

#include "base/buf.h"

struct mail_css_facts {
    bool hidden; /* display:none, visibility:hidden, mso-hide */
    bool tiny;   /* width or height of at most 2 px, or max-width/max-height of 0 */
};

/* Adds the safe ones of the declarations in s ("color:red; position:fixed") to out as
 * "color:red;…". facts may be NULL. out is never given '<', '>', '&', '\\', '{', '}', '@' or a NUL;
 * quotes only in balanced single form. */
void mail_css_declarations(struct buf *out, const char *s, size_t len,
                           struct mail_css_facts *facts);
/* The same for a style sheet: plain rules only, at-rules fall away. At most max_bytes are added. */
void mail_css_sheet(struct buf *out, const char *s, size_t len, size_t max_bytes);

#endif
