/* What Meta's platforms answer when they refuse, in words of ours. Decided by code and subcode, not
 * by HTTP status or title (developers.facebook.com, WhatsApp error codes; Messenger error codes).
 * One table in meta_errors.c; its stable codes have words in three languages in the interface. The
 * same codes come as an answer and, later, in a failed status. */
#ifndef INTERFLOW_CHANNELS_META_ERRORS_H
#define INTERFLOW_CHANNELS_META_ERRORS_H

#include "base/json.h"
#include "channels/channel.h"

/* The code tables differ: 100 and 551 of Messenger are not those of WhatsApp. META_EVERY: only in
 * rows of the table. */
enum meta_product { META_WHATSAPP, META_MESSENGER, META_INSTAGRAM, META_EVERY };

enum meta_class {
    META_FINE,      /* no error */
    META_LATER,     /* temporary: again with back-off */
    META_SLOW,      /* too fast: again after a pause */
    META_TEMPLATE,  /* outside the window: only what was approved */
    META_RECONNECT, /* token or rights are gone: connect again */
    META_RECIPIENT, /* this person cannot be written to */
    META_CONTENT,   /* what was sent is wrong, it will never be taken */
    META_ACCOUNT, /* the account is restricted, unpaid or not registered: a person must act there */
};

struct meta_error {
    enum meta_class class;
    int code, subcode;
    const char *id;         /* ours, stable: "META_WINDOW_CLOSED"; NULL when fine */
    const char *words;      /* English, for a person */
    const char *message;    /* the platform's own, cleaned; "" when none */
    const char *details;    /* error_data.details; "" when none */
    int64_t retry_after_ms; /* META_SLOW and META_LATER: at least; 0: usual back-off */
    json_t *raw;            /* the platform's error object, of the arena; NULL: none came */
};

/* Read {"error": {…}} of an answer (or a bare error object, as in statuses[].errors[]). http_status
 * 0: it is not from an answer. An answer ≥ 400 without an error object (a page of a proxy) is
 * META_LATER from 500 on and for 429, else META_CONTENT. json may be NULL. Never fails; texts and
 * raw live in the arena. */
void meta_error_read(struct arena *a, enum meta_product product, int http_status,
                     const json_t *json, struct meta_error *ret);
/* {code, message, advice, raw} for inbound.error of a failed status. */
json_t *meta_error_json(struct arena *a, const struct meta_error *e);
/* Word of the class for send_result.advice: "later", "template", "reconnect", "recipient",
 * "content", "account". */
const char *meta_error_advice(enum meta_class class);
/* Fill the outcome of a send that was refused. tries: of this message so far, for the back-off of
 * pair limits (4^tries seconds, at most an hour). */
void meta_error_result(const struct meta_error *e, int tries, struct send_result *ret);

/* The table, for tests and documents. Ends with a row without id. subcode 0: any. */
struct meta_error_row {
    enum meta_product product; /* META_MESSENGER stands for Instagram too */
    int code_min, code_max, subcode;
    enum meta_class class;
    const char *id;
    const char *words;
};
extern const struct meta_error_row meta_error_rows[];

#endif
