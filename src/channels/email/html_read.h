/* Reading HTML as browsers do (WHATWG HTML, section 13.2.5, the tokenizer), one token after the
 * other, without building a tree: linear in the input whatever it holds, no recursion, no memory.
 * Used to clean mails, to make text of them and to find quotes in them. */
#ifndef INTERFLOW_CHANNELS_EMAIL_HTML_READ_H
#define INTERFLOW_CHANNELS_EMAIL_HTML_READ_H

#include <stdbool.h>

#include "base/buf.h"

#define HTML_ATTRS_MAX 40 /* of one tag; more are skipped */

enum html_kind {
    HTML_DONE,
    HTML_TEXT,  /* text is raw: entities not decoded */
    HTML_OPEN,  /* a start tag */
    HTML_CLOSE, /* an end tag */
    HTML_RAW,   /* what stands between <style> and </style> and the like, as it is */
};

/* Pieces of the input, not terminated. */
struct html_piece {
    const char *s;
    size_t len;
};
struct html_attr {
    struct html_piece name, value; /* raw */
};
struct html_token {
    enum html_kind kind;
    char name[24]; /* of the tag, small letters; a longer one is cut and known to nobody */
    struct html_piece text;
    struct html_attr attrs[HTML_ATTRS_MAX];
    int attr_count;
    const char *at, *end; /* the token in the input */
};
struct html_reader {
    const char *at, *end;
    char raw[24]; /* the element whose raw text comes next, "" none */
};

void html_read_start(struct html_reader *r, const char *html, size_t len);
/* False at the end. Comments, document types and what is no tag at all are passed over. */
bool html_next(struct html_reader *r, struct html_token *t);
/* The raw value of an attribute (small letters), NULL when there is none. The first one counts. */
const struct html_piece *html_attr_find(const struct html_token *t, const char *name);

/* Adds s to out with entities decoded: valid UTF-8, no NUL, no control characters but \t \n. In
 * attributes "&copy=1" stays as it is. */
void html_decode(struct buf *out, struct html_piece s, bool in_attribute);
bool html_is_space(char c);
/* The code point of "eacute", 0 when unknown. */
uint32_t html_entity(const char *name, size_t len);

#endif
