/* What must hold of the events of any body, whichever platform's. */
#ifndef INTERFLOW_TESTS_INBOUND_CHECK_H
#define INTERFLOW_TESTS_INBOUND_CHECK_H

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "channels/channel.h"

static inline void inbound_must(bool condition)
{
    if (!condition) abort();
}

static inline void inbound_text_good(const char *text)
{
    inbound_must(!text || text_valid(text, strlen(text)));
}

static inline void inbound_check(const struct inbound_list *list)
{
    inbound_must(list->count >= 0 && list->count <= INBOUND_EVENTS_MAX);
    for (int i = 0; i < list->count; i++) {
        const struct inbound *in = &list->items[i];
        inbound_must(in->type <= INBOUND_NOTE && in->kind < MESSAGE_KIND_COUNT);
        inbound_text_good(in->text);
        inbound_text_good(in->identifier);
        inbound_text_good(in->external_id);
        inbound_text_good(in->target_external_id);
        inbound_text_good(in->reply_to_external_id);
        inbound_text_good(in->emoji);
        inbound_must(!in->data || json_is_object(in->data));
        inbound_must(in->file_count >= 0 && in->file_count <= MESSAGE_FILES_MAX);
        for (int k = 0; k < in->file_count; k++)
            inbound_must(json_is_object(in->files[k].source));
        if (in->type == INBOUND_MESSAGE)
            inbound_must(in->identifier && *in->identifier && in->identity_kind && in->text &&
                         in->external_id && *in->external_id);
        if (in->type == INBOUND_REACTION || in->type == INBOUND_EDIT || in->type == INBOUND_REMOVAL)
            inbound_must(in->target_external_id && *in->target_external_id);
        if (in->type == INBOUND_NAME)
            inbound_must(in->identifier && *in->identifier && in->customer_name);
        if (in->type == INBOUND_REACTION) inbound_must(in->emoji != NULL);
        if (in->type == INBOUND_STATUS) inbound_must(in->external_id && *in->external_id);
    }
}

#endif
