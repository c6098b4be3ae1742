/* Rows that the settings of all accounts at Meta share, for a kind's tables of fields. */
#ifndef INTERFLOW_CHANNELS_META_META_FIELDS_H
#define INTERFLOW_CHANNELS_META_META_FIELDS_H

#include "core/router.h"

#define META_FIELD_VERIFY_TOKEN                                                                    \
    {                                                                                              \
        .name = "verifyToken", .type = F_TEXT, .max = 200,                                         \
        .help =                                                                                    \
            "What Meta says when it looks whether the webhook's address is ours; empty: made by "  \
            "the server."                                                                          \
    }

#define META_FIELD_APP_ID                                                                          \
    {                                                                                              \
        .name = "appId", .type = F_TEXT, .max = 40,                                                \
        .help = "Id of the Meta app; empty: the installation's own."                               \
    }

#define META_FIELD_APP_SECRET                                                                      \
    {                                                                                              \
        .name = "appSecret", .type = F_TEXT, .secret = true, .max = 200,                           \
        .help =                                                                                    \
            "Secret of the Meta app, by which its webhooks are known; empty: the installation's "  \
            "own."                                                                                 \
    }

#endif
