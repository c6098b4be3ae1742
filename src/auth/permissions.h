/* Every permission: one row here, one in permissions.c (name, help in three languages for the roles
 * page). The number is only the bit's place in memory; the database keeps names. Two of them are
 * scopes rather than actions: chats.view_all and contacts.view decide what lists, searches, events
 * and exports show. */
#ifndef INTERFLOW_AUTH_PERMISSIONS_H
#define INTERFLOW_AUTH_PERMISSIONS_H

#include <jansson.h>
#include <stdbool.h>

#include "core/permission.h"

enum permission {
    PERMISSION_NONE = 0,            /* any member */
    PERMISSION_ORGANIZATION_MANAGE, /* organization.manage */
    PERMISSION_USERS_MANAGE,    /* users.manage: people, invitations, their roles (never above one's
                                   own) */
    PERMISSION_ROLES_MANAGE,    /* roles.manage */
    PERMISSION_TEAMS_MANAGE,    /* teams.manage */
    PERMISSION_CHANNELS_MANAGE, /* channels.manage */
    PERMISSION_API_KEYS_MANAGE, /* api_keys.manage */
    PERMISSION_AUDIT_VIEW,      /* audit.view */
    PERMISSION_JOBS_MANAGE,     /* jobs.manage: parked work */
    PERMISSION_CUSTOMERS_VIEW,  /* customers.view */
    PERMISSION_CUSTOMERS_EDIT,  /* customers.edit: create, change, tags, notes, values, stage */
    PERMISSION_CUSTOMERS_MERGE, /* customers.merge */
    PERMISSION_CUSTOMERS_DELETE, /* customers.delete */
    PERMISSION_CUSTOMERS_EXPORT, /* customers.export: lists and one person's data, as files */
    PERMISSION_CONTACTS_VIEW,    /* contacts.view: sees phone, e-mail, handles; without it they are
                                    masked */
    PERMISSION_TAGS_MANAGE,      /* tags.manage */
    PERMISSION_FIELDS_MANAGE,    /* fields.manage */
    PERMISSION_FUNNELS_MANAGE,   /* funnels.manage */
    PERMISSION_CHATS_VIEW,       /* chats.view: the inbox */
    PERMISSION_CHATS_VIEW_ALL,   /* chats.view_all: beyond own teams and own chats */
    PERMISSION_CHATS_REPLY,      /* chats.reply: take, answer, note, own state changes */
    PERMISSION_CHATS_ASSIGN,     /* chats.assign: give to others, transfer */
    PERMISSION_CHATS_CLOSE,      /* chats.close: close, reopen */
    PERMISSION_SHORTCUTS_MANAGE, /* shortcuts.manage: the organization's; own ones need nothing */
    PERMISSION_CLOSURE_TYPES_MANAGE, /* closure_types.manage */
    PERMISSION_WEBHOOKS_MANAGE,      /* webhooks.manage */
    PERMISSION_FLOWS_VIEW,           /* flows.view: flows, their runs and figures */
    PERMISSION_FLOWS_EDIT,           /* flows.edit: draw, test, publish, switch on and off */
    PERMISSION_FLOWS_RUN,            /* flows.run: start, stop, pause and go on in chats */
    PERMISSION_COUNT
};

struct arena;

/* What people read about a permission, in the three languages. */
struct permission_words {
    const char *label;
    const char *help;
};
struct permission_row {
    const char *name; /* "chats.view_all" */
    struct permission_words pt, es, en;
};
/* By enum permission; row 0 has no name. The names and their order are also in SQL:
 * permission_names(). */
extern const struct permission_row permission_rows[PERMISSION_COUNT];

#define PERMISSION_ALL                                                                             \
    (PERMISSION_BIT(PERMISSION_COUNT) - 2) /* every bit but that of PERMISSION_NONE */

/* "chats.view"; NULL for PERMISSION_NONE and numbers that are none. */
const char *permission_name(int permission);
/* The number of a name, PERMISSION_NONE when there is none. */
int permission_number(const char *name, size_t len);
/* From the text of a PostgreSQL array "{chats.view,chats.reply}"; NULL is empty; unknown names (of
 * a newer program) are left out. */
permission_set permissions_from_array(const char *text);
/* The same from a JSON array of texts; false when a name is unknown, *ret_unknown is that name
 * (borrowed). */
bool permissions_from_json(const json_t *names, permission_set *ret_set, const char **ret_unknown);
/* As text of a PostgreSQL array, in the arena. */
const char *permissions_to_array(struct arena *a, permission_set set);

#endif
