/* The bodies of POST /{phone}/messages, as pure functions of what is to be sent: limits are checked
 * here, before the platform does, and what is too long for one message is cut into parts. */
#ifndef INTERFLOW_CHANNELS_WHATSAPP_BUILD_H
#define INTERFLOW_CHANNELS_WHATSAPP_BUILD_H

#include "channels/channel.h"

#define WA_TEXT_MAX         4096
#define WA_CAPTION_MAX      1024
#define WA_INTERACTIVE_MAX  1024 /* body of buttons and links */
#define WA_BUTTONS_MAX      3
#define WA_BUTTON_TITLE_MAX 20
#define WA_BUTTON_ID_MAX    256
#define WA_ROWS_MAX         10
#define WA_SECTIONS_MAX     10
#define WA_ROW_TITLE_MAX    24
#define WA_ROW_ID_MAX       200
#define WA_DESCRIPTION_MAX  72
#define WA_SHORT_MAX        60 /* header text, footer */
#define WA_CONTACTS_MAX     5
#define WA_STICKER_BYTES    (500 * 1000) /* animated; still ones 100 KB */
#define WA_FILENAME_MAX     240
#define WA_PARTS_MAX        64

/* One request. */
struct wa_part {
    json_t *body;
    int file;      /* of the outbound message, to be uploaded first; -1: none */
    json_t *media; /* the object of body that gets the upload's "id" */
};
struct wa_plan {
    struct wa_part parts[WA_PARTS_MAX];
    int count;
    const char *code, *words; /* refused; count is 0 */
    const char *advice;
};

/* Everything lives in the arena. */
void whatsapp_plan(struct arena *a, const struct outbound *m, struct wa_plan *ret);
/* A reaction on the person's message; emoji "" takes it back. NULL: the person has no address. */
json_t *whatsapp_reaction_body(struct arena *a, const struct outbound *m, const char *external_id,
                               const char *emoji);
/* Read mark, with typing when asked for. */
json_t *whatsapp_read_body(struct arena *a, const char *external_id, bool typing);
/* Bytes of the longest beginning of text that has at most max characters and ends well: behind a
 * line, a sentence, a word, else anywhere between two characters. */
size_t whatsapp_cut(const char *text, size_t max);

#endif
