/* The short way of usual inbound messages: many in one statement. What it does not take
 * (inbox_receive_known in SQL says when), and every message of a batch that the database refuses,
 * goes the long way by itself. */
#include "inbox/receive_batch.h"

#include "base/json.h"
#include "core/bus.h"
#include "sql.h"

static enum err write_known(struct ctx *c, const char *list, int count,
                            struct batch_result *results)
{
    struct rows *rows = NULL;
    enum err e = db_query(c, &SQL_INBOX_RECEIVE_KNOWN, PARAMS(P_TEXT("batch", list)), &rows);
    for (int i = 0; !e && i < rows_count(rows); i++) {
        int64_t n = rows_int(rows, i, "n", 0);
        if (n < 1 || n > count) continue;
        results[n - 1] = (struct batch_result){.taken = true,
                                               .first = rows_uuid(rows, i, "chat_id"),
                                               .second = rows_uuid(rows, i, "message_id"),
                                               .text = rows_text(rows, i, "seen")};
    }
    /* A batch that flows do not want must not cost a look for work. */
    if (!e && rows_count(rows) > 0 && rows_bool(rows, 0, "wakes") && c->app->bus)
        bus_wake(c->app->bus, WAKE_JOBS);
    return e;
}

const struct batch_kind receive_batch_kind = {
    .runners = 2, /* PostgreSQL has more than one core */
    .items_max = 64,
    .bytes_max = 4 * MIB,
    .write = write_known,
};

enum err receive_known(struct ctx *c, struct batch_queue *q, const json_t *p, bool *ret_taken,
                       struct received *ret)
{
    *ret_taken = false;
    const char *item = json_text(c->arena, p);
    if (!item) return ERR_OK;
    struct batch_result result;
    enum err e = batch_write(c, q, item, &result);
    if (e || !result.taken) return e;
    *ret_taken = true;
    *ret = (struct received){.chat = result.first, .message = result.second, .seen = result.text};
    return ERR_OK;
}
