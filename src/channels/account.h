/* An account as somebody wants to have it: read from the input, looked at, ready for its row. */
#ifndef INTERFLOW_CHANNELS_ACCOUNT_H
#define INTERFLOW_CHANNELS_ACCOUNT_H

#include "channels/channel.h"

struct account_input {
    const struct channel_kind *kind;
    struct channel channel;  /* as it would be; id nil: new */
    const char *sealed;      /* what secrets_given writes; NULL: none */
    bool secrets_given;      /* else they stay as they are */
    const char *secret_lost; /* "secrets.password": kept until now, and not for where the account
                              * would go from now on; NULL: none */
    bool settings_given;
    struct check_result checked;
    bool looked; /* checked holds something */
};

/* From c->in: settings, secrets, or a ticket of a login with the account chosen in it (accountId).
 * was NULL: new. Validated by the kind's rows; what is not given of an existing account's secrets
 * stays. ERR_INVALID naming fields. */
MUST_USE enum err account_read(struct ctx *c, const struct channel_kind *kind,
                               const struct channel *was, struct account_input *ret);
/* Look whether it works: fills checked. Calls out, never in a transaction. A failed step is no
 * error. */
MUST_USE enum err account_look(struct ctx *c, struct account_input *a);
/* The first failed step; NULL: all is well. */
const struct check_step *account_failed_step(const struct account_input *a);
/* ERR_INVALID naming the field of the first failed step, if there is one. */
MUST_USE enum err account_must_work(struct ctx *c, const struct account_input *a);
/* {ok, steps, found}; a new reference. */
json_t *account_report(const struct account_input *a);
/* Keep what a look found with the row, and whether it works now. */
MUST_USE enum err account_found_save(struct ctx *c, const struct account_input *a);

#endif
