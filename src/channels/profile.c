/* The job contact.profile: asks the platform who a person is (kind->profile) and keeps what it says
 * where we know nothing: never over a name that somebody gave. Platforms refuse it often (no
 * consent, no right of the app): then there is no name, and no failure. */
#include "channels/profile.h"

#include "base/json.h"
#include "channels/channel.h"
#include "core/db.h"
#include "sql.h"

static enum job_outcome run(struct ctx *c, struct job *j)
{
    struct channel ch;
    const char *identifier = json_get_text(j->payload, "identifier");
    struct uuid customer = in_uuid(c, "customerId");
    enum err e = channel_load(c, in_uuid(c, "channelId"), false, &ch);
    if (e == ERR_NOT_FOUND || !identifier || uuid_is_nil(customer)) return JOB_DONE;
    if (e) return JOB_RETRY;
    const struct channel_kind *kind = channel_kind_find(ch.kind);
    if (!kind || !kind->profile) return JOB_DONE;
    struct profile found = {0};
    e = kind->profile(c, &ch, identifier, &found);
    if (e) {
        j->error = c->fault.message ? c->fault.message : err_row(e)->text;
        return JOB_RETRY;
    }
    if (!found.name && !found.username && uuid_is_nil(found.picture)) return JOB_DONE;
    e = db_exec(c, &SQL_CONTACT_PROFILE_SET,
                PARAMS(P_UUID("customer", customer), P_TEXT("kind", kind->identity_kind),
                       P_TEXT("identifier", identifier), P_TEXT("name", found.name),
                       P_TEXT("username", found.username), P_UUID("picture", found.picture)));
    return e ? JOB_RETRY : JOB_DONE;
}

const struct job_kind profile_jobs[] = {
    {.name = "contact.profile",
     .help = "Name and picture of a person who wrote for the first time, from the platform.",
     .max_tries = 4,
     .at_once = 4,
     .timeout_s = 60,
     .run = run},
    {0},
};
