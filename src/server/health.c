/* What watches us: /healthz (does this process answer?), /readyz (may it get requests: database
 * there, not ending?) and /metrics (Prometheus, all workers), the last only for this machine and
 * INTERFLOW_METRICS_FROM. */
#include "server/health.h"

#include "core/address.h"
#include "core/app.h"
#include "core/db.h"
#include "core/metrics.h"
#include "sql.h"

#define METRICS_MAX (256 * KIB)

static enum err healthz(struct ctx *c, struct request *r, struct reply *p)
{
    (void)r;
    reply_header(c, p, "Cache-Control", "no-store");
    reply_json(c, p, 200, "{\"status\":\"ok\",\"version\":\"" INTERFLOW_VERSION "\"}");
    return ERR_OK;
}

static enum err readyz(struct ctx *c, struct request *r, struct reply *p)
{
    (void)r;
    reply_header(c, p, "Cache-Control", "no-store");
    if (!db_ready(c->app->db) || db_exec(c, &SQL_READY, NULL) != ERR_OK) {
        fault_clear(c);
        return fault(c, ERR_UNAVAILABLE, "DATABASE_UNAVAILABLE", "the database does not answer");
    }
    reply_json(c, p, 200, "{\"status\":\"ready\"}");
    return ERR_OK;
}

static enum err metrics(struct ctx *c, struct request *r, struct reply *p)
{
    (void)r;
    struct address from;
    if (!address_parse(c->address, &from) ||
        (!address_loopback(&from) && !address_in(&from, c->app->config->metrics_networks)))
        return fault(c, ERR_FORBIDDEN, NULL,
                     "metrics are only shown to this machine and to INTERFLOW_METRICS_FROM");
    struct buf page = BUF_INIT(METRICS_MAX);
    metrics_write(c->app->metrics, &page);
    p->kind = REPLY_TEXT;
    p->status = 200;
    p->content_type = "text/plain; version=0.0.4; charset=utf-8";
    p->body =
        (struct bytes){(const unsigned char *)arena_strdup(c->arena, buf_str(&page)), page.len};
    buf_free(&page);
    return ERR_OK;
}

#define PAGE(p, i, h)                                                                              \
    {                                                                                              \
        .method = HTTP_GET, .path = (p), .id = (i), .access = ACCESS_PUBLIC,                       \
        .rate_per_minute = 6000, .shape = ANSWER_OTHER, .handler = (h)                             \
    }

const struct route health_routes[] = {
    PAGE("/healthz", "health.alive", healthz),
    PAGE("/readyz", "health.ready", readyz),
    PAGE("/metrics", "health.metrics", metrics),
    {0},
};
