/* Accounts by public key, as the database said a moment ago: for what visitors and platforms send,
 * thousands of times a second. An entry is believed for ACCOUNT_MS and forgotten as soon as any
 * setting of a channel changes (event settings.changed), whichever comes first. Secrets stay sealed
 * here. Worker only. */
#ifndef INTERFLOW_CHANNELS_ACCOUNTS_H
#define INTERFLOW_CHANNELS_ACCOUNTS_H

#include "core/app.h"

#define ACCOUNT_MS 250

struct account {
    struct uuid org, id, default_team;
    const char *kind, *name, *address, *status, *external_account;
    const char *language, *country; /* of web chats */
    const char *settings;           /* JSON */
    const char *sealed;             /* secrets; NULL: none */
};

struct accounts;

struct accounts *accounts_new(struct app *app);
void accounts_free(struct accounts *a);
/* NULL: not known, ask. Good until the caller waits. */
const struct account *accounts_get(const struct accounts *a, const char *key, int64_t now_ms);
/* Copies. */
void accounts_put(struct accounts *a, const char *key, const struct account *account,
                  int64_t now_ms);

#endif
