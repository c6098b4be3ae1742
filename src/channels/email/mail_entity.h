/* The skeleton of a mail: headers and the tree of its parts (RFC 5322, 2045, 2046), read in one pass
 * over the bytes with hard limits. For mail_parse.c, mail_dsn.c and mail_auto.c; everybody else uses
 * mail_parse.h. Nothing is decoded here but what the structure needs. */
#ifndef INTERFLOW_CHANNELS_EMAIL_MAIL_ENTITY_H
#define INTERFLOW_CHANNELS_EMAIL_MAIL_ENTITY_H

#include "channels/email/mail_parse.h"

enum mail_coding { MAIL_CODING_NONE, MAIL_CODING_BASE64, MAIL_CODING_QUOTED, MAIL_CODING_UU };

struct mail_field {
    const char *name;  /* small letters, in the arena */
    const char *value; /* raw, folded, in the input; not terminated */
    size_t value_len;
};

struct mail_entity {
    struct mail_field *fields;
    size_t field_count;
    struct bytes whole; /* headers and body, raw */
    struct bytes body;  /* raw; empty for multiparts */
    /* From Content-Type; in the arena, UTF-8, never NULL ("" when absent). */
    const char *type; /* "text/plain", small letters */
    const char *charset, *name, *method, *report_type, *format, *delsp, *protocol;
    const char *disposition; /* "", "attachment", "inline" */
    const char *filename;
    const char *content_id; /* without angle brackets; "" none */
    const char *boundary;
    enum mail_coding coding;
    bool type_given;
    bool multipart;
    int depth;
    struct mail_entity *parent, *first, *last, *next;
};

struct mail_reader {
    struct arena *arena;
    const struct mail_limits *limits;
    int64_t deadline_mono_ms;
    uint32_t problems; /* enum mail_problem */
    int parts;
};

/* Reads bytes into *ret_root, which is set as soon as the first headers are there, also when the
 * rest fails. The tree points into bytes. */
enum mail_fault mail_entity_read(struct mail_reader *r, struct bytes bytes,
                                 struct mail_entity **ret_root);

/* The first header of this name (small letters), NULL when there is none. */
const struct mail_field *mail_field_find(const struct mail_entity *e, const char *name);
/* Its value as one line of UTF-8, encoded words decoded; NULL when there is none or the arena is
 * full. */
const char *mail_field_text(struct mail_reader *r, const struct mail_entity *e, const char *name);
/* The next part of the tree in document order, NULL at the end. */
struct mail_entity *mail_entity_next(const struct mail_entity *root, struct mail_entity *e);
/* The body without its transfer coding: in the input when there was none, else in the arena.
 * MAIL_NO_MEMORY. */
enum mail_fault mail_entity_body(struct mail_reader *r, const struct mail_entity *e,
                                 struct bytes *ret);
/* The body of a text part as UTF-8, cut at max_bytes of input (MAIL_PROBLEM_TEXT_CUT). */
enum mail_fault mail_entity_text(struct mail_reader *r, const struct mail_entity *e,
                                 size_t max_bytes, char **ret);

#endif
