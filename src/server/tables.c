/* The lists of all tables, in the order of the layers: what this server consists of. A domain adds
 * its tables here, one line each, and nothing else anywhere. */
#include "channels/api.h"
#include "channels/webchat/webchat.h"
#include "core/files.h"
#include "core/idempotency.h"
#include "core/jobs.h"
#include "core/router.h"
#include "crm/crm.h"
#include "inbox/inbox.h"
#include "server/cli.h"
#include "server/health.h"
#include "server/static.h"

static const struct route *const routes[] = {
    openapi_routes, files_routes, crm_customer_routes, crm_part_routes, crm_export_routes, crm_tag_routes, crm_field_routes,
    crm_funnel_routes, health_routes, static_routes, NULL,
};

static const struct job_kind *const job_kinds[] = {
    inbox_job_kinds,
    idempotency_jobs,
    files_jobs,
    NULL,
};

static const struct module modules[] = {
    {"inbox", inbox_start, NULL},
    {"webchat", webchat_start, NULL},
    {0},
};

const struct tables server_tables = {
    .routes = routes,
    .job_kinds = job_kinds,
    .modules = modules,
};
