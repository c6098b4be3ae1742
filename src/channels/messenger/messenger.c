/* The channel kind "messenger": a Facebook page, by its page token. All that it shares with
 * Instagram stands in channels/meta/messaging*.c; here are its limits, its settings and the rows of
 * its functions. Only people who wrote first are answered: a page cannot begin a conversation. */
#include "channels/messenger/messenger.h"

#include "channels/meta/messaging.h"
#include "channels/meta/messaging_account.h"
#include "channels/meta/messaging_kind.h"
#include "channels/meta/meta_fields.h"
#include "channels/meta/meta_forget.h"
#include "channels/meta/meta_signature.h"

enum err messenger_decode(struct arena *a, struct bytes body, struct inbound_list *ret_list,
                          const char **ret_why)
{
    return messaging_decode(a, &messaging_messenger, body, ret_list, ret_why);
}

static const struct file_limit file_limits[] = {
    {.kind = "image", .bytes_max = (int64_t)(25 * MIB)},
    {.kind = "video", .bytes_max = (int64_t)(25 * MIB)},
    {.kind = "audio", .bytes_max = (int64_t)(25 * MIB)},
    {.kind = "document", .bytes_max = (int64_t)(25 * MIB)},
    {0},
};

static const struct field settings_fields[] = {
    {.name = "pageId",
     .type = F_TEXT,
     .max = 40,
     .help = "Id of the page; empty: the one that the token is for.",
     .example = "\"104857600000001\""},
    META_FIELD_VERIFY_TOKEN,
    META_FIELD_APP_ID,
    {0},
};

static const struct field secret_fields[] = {
    {.name = "token",
     .type = F_TEXT,
     .required = true,
     .secret = true,
     .max = 2000,
     .help = "Page access token with pages_messaging and pages_manage_metadata."},
    META_FIELD_APP_SECRET,
    {0},
};

const struct channel_kind messenger_kind = {
    .kind = "messenger",
    .label = "Messenger",
    .can = CAN_IMAGE | CAN_VIDEO | CAN_AUDIO | CAN_DOCUMENT | CAN_REACTION | CAN_REPLY |
           CAN_BUTTONS | CAN_LINK | CAN_TYPING | CAN_DELIVERED | CAN_READ,
    .limits = {.text_max = 1999,
               .text_splits = true,
               .files = file_limits,
               .buttons_max = 13,
               .button_title_max = 20,
               .window_hours = 24,
               .human_agent_hours = 168},
    .identity_kind = "messenger",
    .settings = settings_fields,
    .secrets = secret_fields,
    .check = messaging_kind_check,
    .connected = messaging_kind_connected,
    .removed = messaging_kind_removed,
    .handshake = meta_handshake,
    .verify = meta_verify,
    .decode = messenger_decode,
    .ours = messaging_ours,
    .forget = meta_body_forget,
    .send = messaging_kind_send,
    .react = messaging_kind_react,
    .seen = messaging_kind_seen,
    .typing = messaging_kind_typing,
    .fetch = messaging_fetch,
    .profile = messaging_kind_profile,
    .upkeep = messaging_kind_upkeep,
};

/* --- connecting by login --------------------------------------------------------------- */

static enum err begin(struct ctx *c, const struct oauth_begin *o, const char **ret_url)
{
    return messaging_dialog_facebook(
        c, o, "pages_show_list,pages_messaging,pages_manage_metadata,business_management", ret_url);
}

static enum err finish(struct ctx *c, const struct oauth_finish *o, struct oauth_accounts *ret)
{
    return messaging_accounts_facebook(c, &messaging_messenger, o, ret);
}

const struct oauth_kind messenger_oauth = {
    .kind = "messenger", .offered = messaging_offered_facebook, .begin = begin, .finish = finish};
