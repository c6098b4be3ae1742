/* Search over the inbox: chats, customers and the words of messages, each by the function that may
 * use its index (row-level security keeps those from plain queries, facts in
 * sql/functions/inbox_search.sql). Its own connections and time limit: a slow search starves
 * nobody. */
#include "auth/permissions.h"
#include "crm/crm.h"
#include "inbox/api.h"
#include "inbox/inbox.h"
#include "sql.h"

static enum err search(struct ctx *c, struct request *r, struct reply *p)
{
    (void)r;
    const char *json = NULL, *keys = NULL;
    enum err e = crm_search_keys(c, in_text(c, "q"), &keys);
    if (e) return e;
    e = db_json(c, &SQL_INBOX_SEARCH,
                PARAMS(P_TEXT("keys", keys),
                       P_BOOL("customers_too", (c->actor.permissions &
                                                PERMISSION_BIT(PERMISSION_CUSTOMERS_VIEW)) != 0)),
                &json);
    if (e) return e;
    reply_json(c, p, 200, json);
    return ERR_OK;
}

static const struct field search_fields[] = {
    {.name = "q",
     .type = F_TEXT,
     .in = IN_QUERY,
     .required = true,
     .min = 1,
     .max = 200,
     .help =
         "A name, a telephone number in any notation, an e-mail address, or words of a message.",
     .example = "\"beatriz\""},
    {.name = "limit", .type = F_INT, .in = IN_QUERY, .min = 1, .max = 50, .otherwise = "20"},
    {0},
};

static const struct field found_message[] = {
    {.name = "chatId", .type = F_UUID, .required = true},
    {.name = "messageId", .type = F_UUID, .required = true},
    {.name = "seq", .type = F_INT, .required = true},
    {.name = "snippet",
     .type = F_TEXT,
     .required = true,
     .help = "Words around the hit; the hit stands between U+0001 and U+0002."},
    {.name = "customerName", .type = F_TEXT, .required = true},
    {.name = "direction", .type = F_TEXT, .required = true},
    {.name = "createdAt", .type = F_DATETIME, .required = true},
    {0},
};
static const struct field found_customer[] = {
    {.name = "id", .type = F_UUID, .required = true},
    {.name = "name", .type = F_TEXT, .required = true},
    {.name = "display", .type = F_TEXT, .required = true, .nullable = true},
    {.name = "chatId",
     .type = F_UUID,
     .required = true,
     .nullable = true,
     .help = "The newest chat that the reader may see."},
    {0},
};
static const struct field search_answer[] = {
    {.name = "customers",
     .type = F_ARRAY,
     .of = F_OBJECT,
     .fields = found_customer,
     .required = true},
    {.name = "messages",
     .type = F_ARRAY,
     .of = F_OBJECT,
     .fields = found_message,
     .required = true},
    {0},
};
static const struct schema search_schema = {"SearchResults", "What was found.", search_answer};

const struct route inbox_search_routes[] = {
    {.method = HTTP_GET,
     .path = "/api/{organizationId}/search",
     .id = "search",
     .summary = "Find people, chats and messages.",
     .group = "Search",
     .permission = PERMISSION_CHATS_VIEW,
     .fields = search_fields,
     .answer = &search_schema,
     .handler = search},
    {0},
};
