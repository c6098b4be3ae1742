/* Between build.c (the parts of a message, texts, files) and build_parts.c (buttons, lists, places,
 * people, templates); nobody else includes it. */
#ifndef INTERFLOW_CHANNELS_WHATSAPP_BUILD_IMPL_H
#define INTERFLOW_CHANNELS_WHATSAPP_BUILD_IMPL_H

#include "channels/whatsapp/build.h"

/* Note why it cannot be sent (the first reason stays); always false. */
bool wa_refuse(struct wa_plan *p, const char *code, const char *words);
/* Has text from min to max characters, and something else than white space when min > 0? */
bool wa_between(const char *text, size_t min, size_t max);
/* A further part with payload (stolen) under its type; NULL: refused. */
struct wa_part *wa_part_add(struct arena *a, const struct outbound *m, struct wa_plan *p,
                            const char *type, json_t *payload);
/* "image" "video" "audio" "document" "sticker": as what a file goes out. */
const char *wa_media_type(const struct file *f, enum message_kind kind);

void wa_add_interactive(struct arena *a, const struct outbound *m, struct wa_plan *p);
void wa_add_location(struct arena *a, const struct outbound *m, struct wa_plan *p);
void wa_add_contacts(struct arena *a, const struct outbound *m, struct wa_plan *p);
void wa_add_template(struct arena *a, const struct outbound *m, struct wa_plan *p);

#endif
