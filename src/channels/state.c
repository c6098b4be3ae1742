/* How accounts are, and the jobs about them: their beginning and end at the platform, the hourly look
 * after each, the sweep of what is old. */
#include <string.h>

#include "channels/channel.h"
#include "channels/channels.h"
#include "channels/jobs.h"
#include "core/jobs.h"
#include "sql.h"

enum err channel_state_set(struct ctx *c, const struct channel *ch, const char *state,
                           const char *code, const char *message)
{
    struct rows *rows = NULL;
    return db_one(c, &SQL_CHANNEL_STATE_SET,
                  PARAMS(P_UUID("channel", ch->id), P_TEXT("state", state), P_TEXT("code", code),
                         P_TEXT("message", message)),
                  &rows);
}

/* The account and its kind's struct. *ret_kind NULL with ERR_OK: not one of this program. */
static enum err account(struct ctx *c, bool deleted_too, struct channel *ret,
                        const struct channel_kind **ret_kind)
{
    enum err e = channel_load(c, in_uuid(c, "channelId"), deleted_too, ret);
    *ret_kind = e ? NULL : channel_kind_find(ret->kind);
    return e;
}

/* What must be repaired by a person is said at the account; the rest is tried again. */
static enum job_outcome judge(struct ctx *c, struct job *j, const struct channel *ch, enum err e)
{
    if (!e) return JOB_DONE;
    const char *code = c->fault.code ? c->fault.code : err_row(e)->code;
    const char *words = c->fault.message ? c->fault.message : err_row(e)->text;
    fault_clear(c);
    j->error = words;
    if (e != ERR_UNAUTHORIZED) return JOB_RETRY;
    return channel_state_set(c, ch, "disconnected", code, words) ? JOB_RETRY : JOB_DONE;
}

static enum job_outcome connected(struct ctx *c, struct job *j)
{
    struct channel ch;
    const struct channel_kind *kind = NULL;
    enum err e = account(c, false, &ch, &kind);
    if (e == ERR_NOT_FOUND || (!e && (!kind || !kind->connected))) return JOB_DONE;
    if (e) return JOB_RETRY;
    return judge(c, j, &ch, kind->connected(c, &ch));
}

static enum job_outcome settled(struct ctx *c, struct job *j)
{
    struct channel ch;
    const struct channel_kind *kind = NULL;
    enum err e = account(c, false, &ch, &kind);
    if (e == ERR_NOT_FOUND || (!e && (!kind || !kind->settled))) return JOB_DONE;
    if (!e) e = kind->settled(c, &ch);
    j->error = c->fault.message;
    return e ? JOB_RETRY : JOB_DONE;
}

static enum job_outcome upkeep(struct ctx *c, struct job *j)
{
    struct channel ch;
    const struct channel_kind *kind = NULL;
    enum err e = account(c, false, &ch, &kind);
    if (e == ERR_NOT_FOUND || (!e && (!kind || !kind->upkeep))) return JOB_DONE;
    if (e) return JOB_RETRY;
    if (strcmp(ch.status, "paused") == 0 || strcmp(ch.status, "disconnected") == 0) return JOB_DONE;
    return judge(c, j, &ch, kind->upkeep(c, &ch));
}

static enum job_outcome removed(struct ctx *c, struct job *j)
{
    struct channel ch;
    const struct channel_kind *kind = NULL;
    enum err e = account(c, true, &ch, &kind);
    if (e == ERR_NOT_FOUND) return JOB_DONE;
    if (!e && kind && kind->removed) (void)!kind->removed(c, &ch); /* best effort */
    (void)j;
    return db_exec(c, &SQL_CHANNEL_FORGET, PARAMS(P_UUID("channel", in_uuid(c, "channelId"))))
               ? JOB_RETRY
               : JOB_DONE;
}

static enum job_outcome upkeep_all(struct ctx *c, struct job *j)
{
    (void)j;
    return db_exec(c, &SQL_CHANNEL_UPKEEP, NULL) ? JOB_RETRY : JOB_DONE;
}

static enum job_outcome clean(struct ctx *c, struct job *j)
{
    (void)j;
    struct rows *rows = NULL;
    do {
        if (db_one(c, &SQL_CHANNEL_CLEAN, NULL, &rows)) return JOB_RETRY;
    } while (rows_int(rows, 0, "gone", 0) >= 5000);
    return JOB_DONE;
}

const struct job_kind channels_jobs[] = {
    {.name = "channel.receive",
     .help = "Read the waiting bodies of an account's webhook.",
     .max_tries = 1000000,
     .lease_s = 30,
     .at_once = 4,
     .timeout_s = 120,
     .run = job_channel_receive},
    {.name = "channel.connected",
     .help = "Begin with an account at its platform: subscribe, first synchronisation.",
     .max_tries = 6,
     .lease_s = 60,
     .timeout_s = 300,
     .run = connected},
    {.name = "channel.settled",
     .help = "What an account's platform is asked for once its first data are in.",
     .at_once = 2,
     .timeout_s = 60,
     .run = settled},
    {.name = "channel.removed",
     .help = "Unsubscribe a removed account; then its secrets go.",
     .max_tries = 5,
     .lease_s = 60,
     .timeout_s = 120,
     .run = removed},
    {.name = "channel.upkeep",
     .help = "Look after an account: token, subscription, templates, quality.",
     .max_tries = 3,
     .lease_s = 60,
     .at_once = 2,
     .timeout_s = 300,
     .run = upkeep},
    {.name = "channels.upkeep",
     .help = "A job for each account that works.",
     .every_s = 3600,
     .max_tries = 1000000,
     .timeout_s = 120,
     .run = upkeep_all},
    {.name = "channels.clean",
     .help = "Remove old bodies and calls.",
     .every_s = 3600,
     .max_tries = 1000000,
     .timeout_s = 300,
     .run = clean},
    {0},
};
