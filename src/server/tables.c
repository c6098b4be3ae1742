/* The lists of all tables, in the order of the layers: what this server consists of. A domain adds
 * its tables here, one line each, and nothing else anywhere. */
#include "auth/auth.h"
#include "channels/channels.h"
#include "channels/forget.h"
#include "channels/oauth.h"
#include "channels/profile.h"
#include "channels/templates.h"
#include "channels/watch.h"
#include "core/events.h"
#include "core/files.h"
#include "core/idempotency.h"
#include "core/jobs.h"
#include "core/router.h"
#include "crm/crm.h"
#include "flows/flows.h"
#include "inbox/inbox.h"
#include "server/cli.h"
#include "server/health.h"
#include "server/static.h"
#include "webhooks/webhooks.h"

static const struct route *const routes[] = {
    openapi_routes,       files_routes,
    auth_session_routes,  auth_account_routes,
    auth_link_routes,     auth_member_routes,
    auth_role_routes,     auth_team_routes,
    auth_key_routes,      auth_organization_routes,
    crm_customer_routes,  crm_bulk_routes,
    crm_part_routes,      crm_export_routes,
    crm_tag_routes,       crm_field_routes,
    crm_funnel_routes,    channels_routes,
    channels_log_routes,  oauth_routes,
    forget_routes,        webchat_routes,
    email_routes,         hooks_routes,
    templates_routes,     inbox_chat_routes,
    inbox_message_routes, inbox_bulk_routes,
    inbox_setup_routes,   inbox_search_routes,
    inbox_public_routes,  inbox_session_routes,
    webhooks_routes,      flow_routes,
    flow_draft_routes,    flow_row_routes,
    flow_hook_routes,     flow_start_routes,
    flow_run_routes,      flow_test_routes,
    public_flow_routes,   health_routes,
    static_routes,        NULL,
};

static const struct job_kind *const job_kinds[] = {
    auth_jobs,           channels_jobs,
    oauth_jobs,          profile_jobs,
    forget_jobs,         inbox_job_kinds,
    webhooks_job_kinds,  flows_job_kinds,
    flow_hook_job_kinds, idempotency_jobs,
    files_jobs,          events_jobs,
    jobs_jobs,           NULL,
};

static const struct module modules[] = {
    {"auth", auth_start, auth_stop},
    {"inbox", inbox_start, inbox_stop},
    {"channels", channels_start, channels_stop},
    {"webchat", webchat_start, NULL},
    {"watch", watch_start, watch_stop},
    {"webhooks", webhooks_start, webhooks_stop},
    {"flows", flows_start, flows_stop},
    {0},
};

const struct tables server_tables = {
    .routes = routes,
    .job_kinds = job_kinds,
    .modules = modules,
    .auth = &auth_router,
};
