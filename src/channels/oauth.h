/* Connecting an account by login at its platform. The browser is sent to the platform's dialog with
 * a state that is sealed by us and bound to the session, comes back with a code, and the server
 * changes the code into tokens. These stay here, sealed, under a ticket of a quarter of an hour:
 * the browser sees only names and ids of the accounts that it may choose from.
 *
 * To add a kind: its struct oauth_kind in the kind's folder, one row in oauth.c. */
#ifndef INTERFLOW_CHANNELS_OAUTH_H
#define INTERFLOW_CHANNELS_OAUTH_H

#include "channels/channel.h"

#define OAUTH_ACCOUNTS_MAX 200

struct oauth_begin {
    const char *state;    /* to be handed on as it is */
    const char *redirect; /* where the platform sends the browser; checked */
    const char *login; /* which of several dialogs: "facebook", "instagram"; NULL: the kind's own */
};
struct oauth_finish {
    const char *code;
    const char *redirect;     /* NULL: none was used (a popup of the platform's own script) */
    const char *login;        /* as at the beginning */
    const char *waba, *phone; /* what embedded sign-up told the page; NULL: nothing. To be checked
                                     against what the token may do. */
};
struct oauth_account {
    const char *id; /* the platform's id: channels.external_account */
    const char *name, *address;
    json_t *settings; /* of the kind; owned by the arena; may be NULL */
    json_t *secrets;  /* the same; never leaves the server */
};
struct oauth_accounts {
    struct oauth_account items[OAUTH_ACCOUNTS_MAX];
    int count;
};

struct oauth_kind {
    const char *kind;
    /* Is it set up here (an app of the installation's own)? */
    bool (*offered)(struct ctx *c);
    /* The address of the dialog. */
    enum err (*begin)(struct ctx *c, const struct oauth_begin *o, const char **ret_url);
    /* MAY: members that the page needs beside it (ids for the platform's script); arena. */
    json_t *(*extra)(struct ctx *c);
    /* Code → tokens → accounts. ERR_UNPROCESSABLE with the platform's words: it refused. */
    enum err (*finish)(struct ctx *c, const struct oauth_finish *o, struct oauth_accounts *ret);
};
extern const struct oauth_kind *const oauth_kinds[]; /* NULL at the end */

/* Can accounts of the kind be connected by login here? */
bool oauth_offered(struct ctx *c, const char *kind);
/* Settings and secrets of the account that was chosen of a ticket, to be merged over what else was
 * given; they live as long as the context. name and address: as the platform says. ERR_NOT_FOUND
 * (TICKET_UNKNOWN): expired, another person's, another kind's, or no such account in it. */
struct oauth_choice {
    const char *name, *address, *account;
    json_t *settings, *secrets;
};
MUST_USE enum err oauth_ticket_take(struct ctx *c, const char *kind, const char *ticket,
                                    const char *account, struct oauth_choice *ret);

/* GET O/channels/oauth/{kind}/start, POST O/channels/oauth/{kind}. */
extern const struct route oauth_routes[];
/* Removes expired tickets. */
extern const struct job_kind oauth_jobs[];

#endif
