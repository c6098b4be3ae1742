/* What Messenger and Instagram have in common: both speak in entry[].messaging[] and are answered
 * by the same Send API. The two kinds (messenger/, instagram/) are thin: their struct, their limits
 * and how their accounts are looked up.
 *
 * In: messaging_decode.c reads the envelope and the events, messaging_content.c one message's
 * content; both are pure. Out: messaging_build.c makes the parts of a message (pure),
 * messaging_send.c sends them. Accounts (check, subscription, token, profiles): messaging_account.c. */
#ifndef INTERFLOW_CHANNELS_META_MESSAGING_H
#define INTERFLOW_CHANNELS_META_MESSAGING_H

#include "channels/channel.h"
#include "channels/meta/graph.h"

/* The two platforms. */
struct messaging_platform {
    enum meta_product product;
    const char *kind;   /* of the channel and of contacts: "messenger" */
    const char *object; /* of a webhook's body: "page" */
    const char *label;  /* in words for people */
    int text_max;       /* characters of one part; 0: no limit */
    int text_bytes_max; /* UTF-8 bytes of one part; 0: no limit */
    int64_t image_bytes_max;
};
extern const struct messaging_platform messaging_messenger, messaging_instagram;

/* --- in -------------------------------------------------------------------------------- */

#define STORY_LIFE_MS (24 * HOUR_MS) /* of a story, at most: how long what points to it is shown */

/* A body to events. Pure. ERR_INVALID with *ret_why (words): it is no body of this platform. What is
 * not understood inside a good body becomes a note or an unsupported message, never an error. */
MUST_USE enum err messaging_decode(struct arena *a, const struct messaging_platform *p,
                                   struct bytes body, struct inbound_list *ret_list,
                                   const char **ret_why);
/* The content of messaging[].message into in: kind, text, data, files, what it answers to. */
void messaging_content(struct arena *a, const struct messaging_platform *p, const json_t *message,
                       struct inbound *in);
/* data.referral of a referral object, put into data; nothing when it is no object. */
void messaging_referral(const json_t *referral, json_t *data);
/* A value of JSON that lives as long as the arena; NULL stays NULL. */
json_t *messaging_keep(struct arena *a, json_t *j);
/* A text member, cleaned and cut at max code points; "" when absent or no text. */
const char *messaging_text(struct arena *a, const json_t *obj, const char *key, size_t max);
/* An id: text or number of 1 to 255 printable bytes; NULL when it is none. */
const char *messaging_id(struct arena *a, const json_t *value);

/* --- out ------------------------------------------------------------------------------- */

#define MESSAGING_PARTS_MAX 80

/* One call of the Send API. Exactly one of text, file, template is there. */
struct messaging_part {
    const char *text;
    const struct file *file;
    const char *file_type;    /* "image" "video" "audio" "file" */
    json_t *template_payload; /* of a button or generic template */
    json_t *quick_replies;    /* beside text */
};
struct messaging_parts {
    struct messaging_part items[MESSAGING_PARTS_MAX];
    int count;
};
/* The parts of a message, in the order in which they leave: files first, then the text, split where
 * it is too long; buttons are at the last. Pure. False: it cannot be sent, *ret_code and *ret_why
 * (words) say why. */
bool messaging_parts(struct arena *a, const struct messaging_platform *p, const struct outbound *m,
                     struct messaging_parts *ret, const char **ret_code, const char **ret_why);
/* The next piece of text that fits; *text moves on behind it, past one white space. Breaks at a
 * paragraph, a line or a word in the last half where there is one, else between characters. */
const char *messaging_split(struct arena *a, const struct messaging_platform *p, const char **text);
/* The metadata that every part carries, by which its echo is known as ours: the last has the
 * message's id, earlier ones also their number. */
const char *messaging_metadata(struct arena *a, struct uuid message, int part, bool last);

/* RESPONSE, or as a person within the longer time. False: outside both. */
enum messaging_window { WINDOW_OPEN, WINDOW_HUMAN, WINDOW_CLOSED };
enum messaging_window messaging_window(const struct outbound *m, int64_t now_unix_ms);

/* May the platform fetch a file from our address? Not from a private one, nor a name without a dot
 * or of an inner network; from loopback only where its own address is there too (a stand-in). */
bool messaging_reachable(struct arena *a, const char *our_url, const char *graph_url);

/* kind->ours: an echo that says that the channel's own app sent it. */
bool messaging_ours(struct ctx *c, const struct channel *ch, const struct inbound *in);
/* The id of the app that the channel's token and webhooks are of; NULL: not known. */
const char *messaging_app(struct ctx *c, const struct channel *ch);

/* The functions of the contract for both. */
enum err messaging_send(struct ctx *c, const struct channel *ch, const struct messaging_platform *p,
                        const struct outbound *m, struct send_result *ret);
enum err messaging_react(struct ctx *c, const struct channel *ch,
                         const struct messaging_platform *p, const struct outbound *m,
                         const char *external_id, const char *emoji, struct send_result *ret);
enum err messaging_action(struct ctx *c, const struct channel *ch,
                          const struct messaging_platform *p, const char *identifier,
                          const char *action);
enum err messaging_fetch(struct ctx *c, const struct channel *ch, const struct inbound_file *f,
                         struct file *ret_file);

/* --- accounts -------------------------------------------------------------------------- */

/* Does the account go by Instagram's own login (settings.login "instagram")? Then its host and its
 * token are Instagram's, else a Facebook page's. */
bool messaging_by_login(const struct channel *ch);
enum graph_host messaging_host(const struct channel *ch);
/* secrets.token; "" when there is none. */
const char *messaging_token(const struct channel *ch);

#endif
