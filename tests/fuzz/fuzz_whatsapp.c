/* Webhook bodies of WhatsApp: whatever comes, each event that is made has what its kind promises,
 * and the same body gives the same events. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "channels/whatsapp/build.h"
#include "channels/whatsapp/decode.h"
#include "channels/whatsapp/whatsapp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int condition)
{
    if (!condition) abort();
}

static void must_hold(const struct inbound *in)
{
    must(in->file_count >= 0 && in->file_count <= MESSAGE_FILES_MAX);
    must(in->kind >= 0 && in->kind < MESSAGE_KIND_COUNT);
    must(in->sent_unix_ms >= 0);
    must(in->identity_kind != NULL && in->text != NULL);
    switch (in->type) {
    case INBOUND_MESSAGE:
        must(in->identifier && *in->identifier && in->external_id && *in->external_id);
        break;
    case INBOUND_STATUS:
        must(in->external_id && *in->external_id);
        must(in->our_part >= 0 && in->our_part <= WA_PARTS_MAX);
        must(in->our_part == 0 || !uuid_is_nil(in->our_message));
        break;
    case INBOUND_REACTION: must(in->emoji && in->target_external_id && in->identifier); break;
    case INBOUND_EDIT:
    case INBOUND_REMOVAL: must(in->target_external_id && *in->target_external_id); break;
    case INBOUND_IDENTITY: must(in->previous && in->identifier && *in->previous); break;
    case INBOUND_NAME:
        must(wa_is_phone(in->identifier) && in->customer_name && *in->customer_name);
        break;
    case INBOUND_ACCOUNT:
    case INBOUND_TEMPLATE: must(json_is_object(in->data)); break;
    case INBOUND_WATERMARK: must(0); break;
    case INBOUND_NOTE: break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(arena_freep) struct arena *a = arena_new(64 * MIB);
    struct bytes body = {.data = data, .len = size};
    struct inbound_list first = {.arena = a}, again = {.arena = a};
    const char *why = NULL;
    enum err e = whatsapp_decode(a, body, &first, &why);
    must(e == ERR_OK || why != NULL || e == ERR_NO_MEMORY);
    if (e) return 0;
    must(first.count <= INBOUND_EVENTS_MAX);
    for (int i = 0; i < first.count; i++)
        must_hold(&first.items[i]);
    must(whatsapp_decode(a, body, &again, &why) == ERR_OK);
    must(again.count == first.count);
    for (int i = 0; i < first.count; i++) {
        must(first.items[i].type == again.items[i].type);
        if (first.items[i].external_id)
            must(strcmp(first.items[i].external_id, again.items[i].external_id) == 0);
    }
    return 0;
}
