/* The lists of all tables, in the order of the layers: what this server consists of. A domain adds
 * its tables here, one line each, and nothing else anywhere. */
#include "auth/auth.h"
#include "channels/channels.h"
#include "core/events.h"
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
    openapi_routes,
    files_routes,
    auth_session_routes,
    auth_account_routes,
    auth_link_routes,
    auth_member_routes,
    auth_role_routes,
    auth_team_routes,
    auth_key_routes,
    auth_organization_routes,
    crm_customer_routes,
    crm_bulk_routes,
    crm_part_routes,
    crm_export_routes,
    crm_tag_routes,
    crm_field_routes,
    crm_funnel_routes,
    channels_routes,
    webchat_routes,
    inbox_chat_routes,
    inbox_message_routes,
    inbox_bulk_routes,
    inbox_setup_routes,
    inbox_search_routes,
    inbox_public_routes,
    inbox_session_routes,
    health_routes,
    static_routes,
    NULL,
};

static const struct job_kind *const job_kinds[] = {
    auth_jobs, inbox_job_kinds, idempotency_jobs, files_jobs, events_jobs, NULL,
};

static const struct module modules[] = {
    {"auth", auth_start, auth_stop},
    {"inbox", inbox_start, inbox_stop},
    {"webchat", webchat_start, webchat_stop},
    {0},
};

const struct tables server_tables = {
    .routes = routes,
    .job_kinds = job_kinds,
    .modules = modules,
    .auth = &auth_router,
};
