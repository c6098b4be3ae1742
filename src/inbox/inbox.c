/* The inbox's jobs and its module. Its routes are rows of the api_*.c of this folder. */
#include "inbox/inbox.h"

#include "core/jobs.h"
#include "inbox/api.h"
#include "inbox/jobs_messages.h"
#include "inbox/live.h"
#include "inbox/receive.h"
#include "inbox/receive_batch.h"
#include "sql.h"

const struct job_kind inbox_job_kinds[] = {
    {.name = "message.send",
     .help = "Give a message to its channel, in the order of its chat.",
     .max_tries = 8,
     .lease_s = 60,
     .at_once = 32,
     .timeout_s = 120,
     .run = inbox_job_send,
     .parked = inbox_job_send_parked},
    {.name = "message.fetch",
     .help = "Bring a file that somebody sent.",
     .max_tries = 8,
     .lease_s = 120,
     .at_once = 4,
     .timeout_s = 300,
     .run = inbox_job_fetch,
     .parked = inbox_job_fetch_parked},
    {.name = "message.react",
     .help = "Put the team's reaction on a message, where the platform shows it.",
     .max_tries = 5,
     .lease_s = 60,
     .timeout_s = 60,
     .run = inbox_job_react},
    {.name = "chat.seen",
     .help = "Tell the platform how far the team has read.",
     .max_tries = 2,
     .lease_s = 60,
     .timeout_s = 60,
     .run = inbox_job_seen},
    {.name = "message.release",
     .help = "Let a scheduled message go.",
     .max_tries = 20,
     .lease_s = 30,
     .at_once = 8,
     .timeout_s = 30,
     .run = inbox_job_release},
    {.name = "chats.wake",
     .help = "Bring back chats whose snooze is over.",
     .every_s = 20,
     .max_tries = 1000000,
     .lease_s = 60,
     .timeout_s = 60,
     .run = inbox_job_wake},
    {0},
};

static const char *const status_names[] = {
    [STATUS_QUEUED] = "queued", [STATUS_SENT] = "sent",     [STATUS_DELIVERED] = "delivered",
    [STATUS_READ] = "read",     [STATUS_FAILED] = "failed",
};

static enum err sink_status(struct ctx *c, const struct channel *ch, const char *external_id,
                            enum message_status status, int64_t at_unix_ms, const json_t *error)
{
    struct rows *rows = NULL;
    return db_one(c, &SQL_INBOX_RAISE_STATUS_EXTERNAL,
                  PARAMS(P_UUID("channel", ch->id), P_TEXT("external_id", external_id),
                         P_TEXT("status", status_names[status]), P_INT("at_ms", at_unix_ms),
                         P_JSON("error", error)),
                  &rows);
}

static enum err sink_reaction(struct ctx *c, const struct channel *ch, const char *external_id,
                              const char *identifier, const char *emoji)
{
    (void)identifier; /* one customer per chat: the reaction is theirs */
    return db_one(c, &SQL_INBOX_REACTION,
                  PARAMS(P_UUID("channel", ch->id), P_TEXT("external_id", external_id),
                         P_TEXT("emoji", emoji)),
                  NULL);
}

static void sink_typing(struct ctx *c, const struct channel *ch, struct uuid chat, bool on)
{
    (void)ch;
    struct live_chat l;
    struct actor actor = c->actor;
    c->actor.sees_all_chats =
        true; /* the customer's own chat; who hears of it is judged per reader */
    enum err e = live_chat_load(c, chat, &l);
    c->actor = actor;
    if (!e) live_typing(c->app, c->org, &l, (struct uuid){0}, "", on);
}

enum err inbox_start(struct app *app)
{
    static const struct channel_sink sink = {
        .message = inbox_receive,
        .status = sink_status,
        .reaction = sink_reaction,
        .events = inbox_events,
        .typing = sink_typing,
    };
    channel_sink_set(&sink);
    live_start(app);
    app->inbox = batch_queue_new(app, &receive_batch_kind);
    return ERR_OK;
}

void inbox_stop(struct app *app)
{
    batch_queue_free(app->inbox);
    app->inbox = NULL;
}
