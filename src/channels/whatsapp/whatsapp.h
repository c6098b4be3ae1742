/* The channel kind "whatsapp": WhatsApp Cloud API (Graph API of Meta). Files by concern: whatsapp.c
 * the struct and its rows, decode*.c what comes in, build.c the bodies that go out, send.c sending
 * them, account.c connecting and keeping, media.c files both ways, voice.c recordings, manage.c
 * templates. What the Meta channels share is in channels/meta/. */
#ifndef INTERFLOW_CHANNELS_WHATSAPP_H
#define INTERFLOW_CHANNELS_WHATSAPP_H

#include "channels/channel.h"
#include "channels/meta/graph.h"

extern const struct channel_kind whatsapp_kind;

/* --- in (pure) ------------------------------------------------------------------------- */

enum err whatsapp_decode(struct arena *a, struct bytes body, struct inbound_list *ret_list,
                         const char **ret_why);

/* --- out ------------------------------------------------------------------------------- */

enum err whatsapp_send(struct ctx *c, const struct channel *ch, const struct outbound *m,
                       struct send_result *ret_result);
enum err whatsapp_react(struct ctx *c, const struct channel *ch, const struct outbound *m,
                        const char *external_id, const char *emoji, struct send_result *ret_result);
enum err whatsapp_seen(struct ctx *c, const struct channel *ch, const char *identifier,
                       const char *external_id);
void whatsapp_typing(struct ctx *c, const struct channel *ch, struct uuid chat,
                     const char *identifier, bool on);

/* --- files ----------------------------------------------------------------------------- */

enum err whatsapp_fetch(struct ctx *c, const struct channel *ch, const struct inbound_file *f,
                        struct file *ret_file);
/* Give a file to the platform: *ret_id is its media id (30 days). kind: "image" …; voice: a
 * recording, made to audio/ogg with one channel of Opus first; *ret_voice: it is one now. A refusal
 * is in *ret_error with ERR_OK and *ret_id NULL. */
enum err whatsapp_upload(struct ctx *c, const struct channel *ch, const struct file *f, bool voice,
                         const char **ret_id, bool *ret_voice, struct meta_error *ret_error);

/* --- account --------------------------------------------------------------------------- */

enum err whatsapp_check(struct ctx *c, const struct channel *ch, struct check_result *ret);
enum err whatsapp_connected(struct ctx *c, const struct channel *ch);
enum err whatsapp_removed(struct ctx *c, const struct channel *ch);
enum err whatsapp_upkeep(struct ctx *c, const struct channel *ch);
/* An hour after a number that is shared with the phone app: its address book. */
enum err whatsapp_settled(struct ctx *c, const struct channel *ch);

/* A call with the account's token. path: after the version. */
enum err whatsapp_call(struct ctx *c, const struct channel *ch, const char *what,
                       const char *method, const char *path, const json_t *body,
                       struct graph_answer *ret);
/* Settings by name; "" when absent. */
const char *whatsapp_setting(const struct channel *ch, const char *name);

extern const struct template_functions whatsapp_templates;

#endif
