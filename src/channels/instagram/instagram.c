/* The channel kind "instagram": a professional account, by the Facebook page that it belongs to or by
 * Instagram's own login (settings.login): another host, another token, the same Send API. What it
 * shares with Messenger stands in channels/meta/messaging*.c. Text is counted in bytes, delivery is
 * never told, and only people who wrote first are answered. */
#include "channels/instagram/instagram.h"

#include <string.h>

#include "channels/meta/messaging.h"
#include "channels/meta/messaging_account.h"
#include "channels/meta/messaging_kind.h"
#include "channels/meta/meta_fields.h"
#include "channels/meta/meta_forget.h"
#include "channels/meta/meta_signature.h"

enum err instagram_decode(struct arena *a, struct bytes body, struct inbound_list *ret_list,
                          const char **ret_why)
{
    return messaging_decode(a, &messaging_instagram, body, ret_list, ret_why);
}

static const struct file_limit file_limits[] = {
    {.kind = "image", .types = "image/png,image/jpeg", .bytes_max = (int64_t)(8 * MIB)},
    {.kind = "video",
     .types = "video/mp4,video/ogg,video/x-msvideo,video/quicktime,video/webm",
     .bytes_max = (int64_t)(25 * MIB)},
    {.kind = "audio",
     .types = "audio/aac,audio/mp4,audio/x-m4a,audio/wav,audio/x-wav",
     .bytes_max = (int64_t)(25 * MIB)},
    {.kind = "document", .types = "application/pdf", .bytes_max = (int64_t)(25 * MIB)},
    {0},
};

static const struct field settings_fields[] = {
    {.name = "login",
     .type = F_ENUM,
     .values = "facebook|instagram",
     .otherwise = "\"facebook\"",
     .help = "Whose token it is: a Facebook page's, or one of Instagram's own login."},
    {.name = "accountId",
     .type = F_TEXT,
     .max = 40,
     .help = "Id of the Instagram account; empty: the one that the token is for.",
     .example = "\"17841400000000001\""},
    {.name = "pageId",
     .type = F_TEXT,
     .max = 40,
     .help = "Id of the Facebook page that it belongs to; empty: the one that the token is for."},
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
     .help = "Page token with instagram_manage_messages, or token of Instagram's login with "
             "instagram_business_manage_messages."},
    META_FIELD_APP_SECRET,
    {0},
};

const struct channel_kind instagram_kind = {
    .kind = "instagram",
    .label = "Instagram",
    .can = CAN_IMAGE | CAN_VIDEO | CAN_AUDIO | CAN_DOCUMENT | CAN_REACTION | CAN_BUTTONS |
           CAN_LINK | CAN_TYPING | CAN_READ,
    .limits = {.text_max = 1000,
               .text_bytes_max = 1000,
               .text_splits = true,
               .files = file_limits,
               .buttons_max = 13,
               .button_title_max = 20,
               .window_hours = 24,
               .human_agent_hours = 168},
    .identity_kind = "instagram",
    .settings = settings_fields,
    .secrets = secret_fields,
    .check = messaging_kind_check,
    .connected = messaging_kind_connected,
    .removed = messaging_kind_removed,
    .handshake = meta_handshake,
    .verify = meta_verify,
    .decode = instagram_decode,
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

/* By Instagram's own login unless the page asks for the other way, or only that is set up. */
static bool by_instagram(struct ctx *c, const char *login)
{
    const struct config *config = c->app->config;
    if (login && strcmp(login, "facebook") == 0) return false;
    if (login && strcmp(login, "instagram") == 0) return true;
    return config->instagram_app_id != NULL;
}

static bool offered(struct ctx *c)
{
    const struct config *config = c->app->config;
    return messaging_offered_facebook(c) ||
           (config->instagram_app_id && config->instagram_app_secret);
}

static enum err begin(struct ctx *c, const struct oauth_begin *o, const char **ret_url)
{
    if (by_instagram(c, o->login)) return messaging_dialog_instagram(c, o, ret_url);
    return messaging_dialog_facebook(c, o,
                                     "pages_show_list,instagram_basic,instagram_manage_messages,"
                                     "pages_manage_metadata,pages_messaging,business_management",
                                     ret_url);
}

static enum err finish(struct ctx *c, const struct oauth_finish *o, struct oauth_accounts *ret)
{
    if (by_instagram(c, o->login)) return messaging_accounts_instagram(c, o, ret);
    return messaging_accounts_facebook(c, &messaging_instagram, o, ret);
}

const struct oauth_kind instagram_oauth = {
    .kind = "instagram", .offered = offered, .begin = begin, .finish = finish};
