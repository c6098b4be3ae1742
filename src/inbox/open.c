/* Chats that do not begin with a customer's message: opened by the API, by flows, by what calls
 * from outside (inbox.h). */
#include <string.h>

#include "crm/crm.h"
#include "inbox/inbox.h"
#include "sql.h"

/* May this channel begin a conversation with such a contact? Else only who wrote before is
 * answered. */
static bool can_begin(const struct channel *ch, const char *contact_kind)
{
    const struct channel_kind *kind = channel_kind_find(ch->kind);
    size_t len = strlen(contact_kind);
    for (const char *p = kind ? kind->opens : NULL; p && *p;) {
        size_t n = strcspn(p, ",");
        if (n == len && strncmp(p, contact_kind, n) == 0) return true;
        p += n + (p[n] == ',');
    }
    return false;
}

static enum err must_reach(struct ctx *c, const struct channel *ch, const char *contact_kind,
                           struct uuid contact)
{
    if (can_begin(ch, contact_kind)) return ERR_OK;
    enum err e = db_one(c, &SQL_INBOX_KNOWN_CONTACT,
                        PARAMS(P_UUID("contact", contact), P_UUID("channel", ch->id)), NULL);
    if (e != ERR_NOT_FOUND) return e;
    (void)!fault(c, ERR_UNPROCESSABLE, "CONTACT_NOT_REACHABLE",
                 "this channel cannot begin a conversation with such a contact");
    (void)!fault_field(c, "contactType", "CONTACT_NOT_REACHABLE",
                       "this channel cannot begin a conversation with such a contact");
    return ERR_UNPROCESSABLE;
}

enum err inbox_chat_open_with(struct ctx *c, const struct channel *ch, const char *kind,
                              struct uuid customer, struct uuid contact, struct uuid team,
                              enum inbox_begin how, struct inbox_opened *ret)
{
    struct rows *rows = NULL;
    enum err e = must_reach(c, ch, kind, contact);
    if (!e)
        e = db_one(c, &SQL_INBOX_OPEN,
                   PARAMS(P_UUID("customer", customer), P_UUID("contact", contact),
                          P_UUID("channel", ch->id), P_UUID("team", team),
                          P_BOOL("start", how == BEGIN_STARTED), P_BOOL("bot", how == BEGIN_BOT)),
                   &rows);
    if (e) return e;
    *ret = (struct inbox_opened){
        .customer = customer,
        .contact = contact,
        .chat = rows_uuid(rows, 0, "id"),
        .existing = rows_bool(rows, 0, "existing"),
        .formatted = rows_text(rows, 0, "formatted"),
    };
    return ERR_OK;
}

enum err inbox_chat_open(struct ctx *c, const struct channel *ch, const struct crm_person *person,
                         struct uuid team, enum inbox_begin how, struct inbox_opened *ret)
{
    struct crm_found found = {0};
    enum err e = crm_customer_find_or_create(c, person, &found);
    if (!e)
        e = inbox_chat_open_with(c, ch, person->kind, found.customer, found.contact, team, how,
                                 ret);
    if (!e) ret->customer_created = found.created;
    return e;
}
