/* The kinds of notifications that can be asked for. Their names and meanings are public and stay:
 * what an event is called is decided in sql/functions/webhooks.sql (webhook_types, webhook_data),
 * what each says stands in docs/WEBHOOKS.md (a test compares the three). */
#include <string.h>

#include "webhooks/webhooks.h"

const struct webhook_type webhook_types[] = {
    {"chat.created", "A chat was opened, by a customer's message or by us."},
    {"chat.assigned", "A chat was given to a user, or (assigneeId null) to nobody."},
    {"chat.transferred", "A chat went to another team."},
    {"chat.closed", "A chat was closed."},
    {"chat.reopened", "A closed chat was opened again."},
    {"message.received", "A customer wrote."},
    {"message.sent", "A message to a customer was put on its way."},
    {"message.status", "The delivery state of a message rose: sent, delivered, read, or failed."},
    {"message.updated", "A message was edited, deleted or retried, or its file arrived."},
    {"message.reaction", "A reaction to a message was set or (emoji empty) taken back."},
    {"note.created", "A note was written, in a chat or at a customer."},
    {"customer.created", "A customer was created."},
    {"customer.updated", "Something of a customer changed: data, contacts, tags, fields, stage."},
    {"customer.stage_changed", "A customer was put into another stage of a funnel."},
    {"customer.tag_added", "A customer got a tag."},
    {"customer.tag_removed", "A tag was taken from a customer."},
    {"customer.merged", "Two customers became one."},
    {"customer.deleted", "A customer was deleted, or erased."},
    {"channel.connected", "A channel works again."},
    {"channel.disconnected", "A channel was disconnected, by its platform or by us."},
    {"channel.paused", "A channel was paused."},
    {0},
};

bool webhook_type_known(const char *name)
{
    for (const struct webhook_type *t = webhook_types; t->name; t++)
        if (strcmp(t->name, name) == 0) return true;
    return false;
}
