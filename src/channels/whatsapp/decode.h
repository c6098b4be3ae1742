/* Inside of whatsapp/decode*.c: one change of a webhook on its way to neutral events. Pure. */
#ifndef INTERFLOW_CHANNELS_WHATSAPP_DECODE_H
#define INTERFLOW_CHANNELS_WHATSAPP_DECODE_H

#include "channels/channel.h"

/* Where an event comes from. */
struct wa_origin {
    struct inbound_list *list;
    const char *waba;      /* entry[].id */
    const char *account;   /* metadata.phone_number_id; NULL: about the WABA */
    const char *display;   /* metadata.display_phone_number, as sent; NULL: none */
    const json_t *contact; /* of contacts[] the only one; NULL: none or several */
    const json_t *people;  /* contacts[] by each of their ids; NULL: none */
    const json_t *errors;  /* value.errors */
};

/* A new event with what all have. NULL: too many. */
struct inbound *wa_add(const struct wa_origin *o, enum inbound_type type);
/* A note: understood, nothing to do. False: too many events. */
bool wa_note(const struct wa_origin *o, const char *text);

/* Kind, text, data, files and reply of a message into in (decode_content.c). errors: those beside
 * the message. */
void wa_content(struct arena *a, const json_t *message, const json_t *errors, struct inbound *in);
/* What a person reads of an edit's new content. */
const char *wa_edited_text(const json_t *message);

/* Changes about the account, its templates, its people (decode_news.c). False: too many events. */
bool wa_news(const struct wa_origin *o, const char *field, const json_t *value);

/* A business-scoped user id: two capitals, a dot, letters and digits. */
bool wa_is_user_id(const char *text);
/* Six to sixteen digits, with or without "+". */
bool wa_is_phone(const char *text);

#endif
