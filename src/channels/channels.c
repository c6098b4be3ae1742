/* The list of channel kinds and the loading of connected accounts. To add a kind: its folder, one
 * row in channel_kinds. */
#include <string.h>

#include "base/crypto.h"
#include "base/json.h"
#include "channels/channel.h"
#include "channels/email/email.h"
#include "channels/instagram/instagram.h"
#include "channels/messenger/messenger.h"
#include "channels/webchat/webchat.h"
#include "channels/whatsapp/whatsapp.h"
#include "sql.h"

#define SECRETS_PURPOSE "channels.secrets"

const struct channel_kind *const channel_kinds[] = {
    &webchat_kind, &messenger_kind, &instagram_kind, &whatsapp_kind, &email_kind, NULL,
};

static const struct channel_sink
    *the_sink; /* set once at start, before any request: read-only afterwards */

void channel_sink_set(const struct channel_sink *sink)
{
    the_sink = sink;
}

const struct channel_sink *channel_sink(void)
{
    return the_sink;
}

const struct channel_kind *channel_kind_find(const char *kind)
{
    for (int i = 0; kind && channel_kinds[i]; i++)
        if (strcmp(channel_kinds[i]->kind, kind) == 0) return channel_kinds[i];
    return NULL;
}

/* JSON text of a column as a value of the arena; an empty object when null. */
static enum err json_cell(struct ctx *c, const char *text, json_t **ret)
{
    json_t *j = NULL;
    const char *t = text ? text : "{}";
    enum err e = json_parse(c->arena, t, strlen(t), &j, NULL);
    *ret = j;
    return e;
}

enum err channel_texts_open(struct ctx *c, const char *settings, const char *sealed,
                            struct channel *ch)
{
    const char *plain = NULL;
    enum err e = json_cell(c, settings, &ch->settings);
    if (e) return e;
    if (sealed) {
        e = secret_open(c->arena, c->app->seal_key, SECRETS_PURPOSE, sealed, &plain);
        if (e)
            return fault(c, ERR_INTERNAL, "SEAL_KEY",
                         "the secrets of a channel cannot be opened with this installation's key");
    }
    return json_cell(c, plain, &ch->secrets);
}

enum err channel_load(struct ctx *c, struct uuid id, bool deleted_too, struct channel *ret_channel)
{
    struct rows *rows = NULL;
    enum err e = db_one(c, &SQL_CHANNEL_LOAD,
                        PARAMS(P_UUID("id", id), P_BOOL("deleted_too", deleted_too)), &rows);
    if (e == ERR_NOT_FOUND) return fault(c, e, "CHANNEL_NOT_FOUND", "there is no such channel");
    if (e) return e;
    *ret_channel = (struct channel){
        .id = id,
        .kind = rows_text(rows, 0, "kind"),
        .name = rows_text(rows, 0, "name"),
        .address = rows_text(rows, 0, "address"),
        .status = rows_text(rows, 0, "status"),
        .external_account = rows_text(rows, 0, "external_account"),
        .public_key = rows_text(rows, 0, "public_key"),
        .default_team = rows_uuid(rows, 0, "default_team_id"),
    };
    return channel_texts_open(c, rows_text(rows, 0, "settings"), rows_text(rows, 0, "secrets"),
                              ret_channel);
}

const char *channel_secrets_seal(struct ctx *c, const json_t *secrets)
{
    if (!secrets || json_object_size(secrets) == 0) return NULL;
    return secret_seal(c->arena, c->app->seal_key, SECRETS_PURPOSE, json_text(c->arena, secrets));
}

struct inbound *inbound_add(struct inbound_list *list, enum inbound_type type)
{
    if (list->count >= INBOUND_EVENTS_MAX) return NULL;
    if (list->count == list->capacity) {
        int capacity = list->capacity ? 2 * list->capacity : 8;
        struct inbound *items = arena_alloc(list->arena, (size_t)capacity * sizeof *items);
        if (!items) return NULL;
        if (list->count) memcpy(items, list->items, (size_t)list->count * sizeof *items);
        list->items = items;
        list->capacity = capacity;
    }
    struct inbound *in = &list->items[list->count++];
    *in = (struct inbound){.type = type};
    return in;
}
