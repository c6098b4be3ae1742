/* Settings of the installation (config.h). One table: flag, environment variable, default, help and
 * the function that checks a value and stores it; parsing, `interflow help serve` and
 * docs/OPERATING.md all come from these rows.
 *
 * A flag wins over the environment, the environment over the default. An empty variable counts as
 * unset, so that a unit file may list them all. What an organization can set lives in the database
 * and is deliberately not here. */
#include "core/config.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

/* A whole number of [min, max], optionally with K, M or G (powers of 1024) behind it. */
static bool number_parse(const char *text, int64_t min, int64_t max, bool units, int64_t *ret)
{
    if (*text < '0' || *text > '9') return false;
    char *end = NULL;
    unsigned long long n = strtoull(text, &end, 10);
    if (n > (unsigned long long)max) return false;
    if (units && *end) {
        int shift = 0;
        switch (*end) {
        case 'k':
        case 'K': shift = 10; break;
        case 'm':
        case 'M': shift = 20; break;
        case 'g':
        case 'G': shift = 30; break;
        default: return false;
        }
        end++;
        if (strcasecmp(end, "iB") == 0 || strcasecmp(end, "B") == 0) end += strlen(end);
        if (n > ((unsigned long long)max >> shift)) return false;
        n <<= shift;
    }
    if (*end || (int64_t)n < min) return false;
    *ret = (int64_t)n;
    return true;
}

static const char *set_listen(struct arena *a, struct config *c, const char *text)
{
    const char *why = "is not HOST:PORT, as 127.0.0.1:8080 or [::]:8080";
    const char *colon = strrchr(text, ':');
    if (!colon || colon == text) return why;
    const char *host = text;
    size_t len = (size_t)(colon - text);
    if (host[0] == '[') {
        if (len < 3 || host[len - 1] != ']') return why;
        host++;
        len -= 2;
    } else if (memchr(host, ':', len)) {
        return why;
    }
    int64_t port = 0;
    if (!number_parse(colon + 1, 0, 65535, false, &port))
        return "has no port of 0 to 65535 after the last colon";
    c->listen_host = arena_strndup(a, host, len);
    c->listen_port = (int)port;
    return NULL;
}

static const char *set_data(struct arena *a, struct config *c, const char *text)
{
    if (text[0] == '/') {
        c->data_dir = text;
        return NULL;
    }
    char here[PATH_MAX];
    if (!getcwd(here, sizeof here)) return "is relative, and the current folder is gone";
    c->data_dir = arena_printf(a, "%s/%s", here, strncmp(text, "./", 2) == 0 ? text + 2 : text);
    return NULL;
}

static const char *set_database(struct arena *a, struct config *c, const char *text)
{
    (void)a;
    if (strncmp(text, "postgres://", 11) != 0 && strncmp(text, "postgresql://", 13) != 0 &&
        !strchr(text, '='))
        return "is not a PostgreSQL address, as postgresql://user:password@host:5432/database";
    c->database_url = text;
    return NULL;
}

/* An address without slashes at its end. */
static const char *url_parse(struct arena *a, const char *text, const char **ret)
{
    if (strncasecmp(text, "http://", 7) != 0 && strncasecmp(text, "https://", 8) != 0)
        return "does not begin with http:// or https://";
    size_t len = strlen(text);
    while (len > 8 && text[len - 1] == '/')
        len--;
    *ret = arena_strndup(a, text, len);
    return NULL;
}

static const char *set_public_url(struct arena *a, struct config *c, const char *text)
{
    return url_parse(a, text, &c->public_url);
}

static const char *set_trusted_proxies(struct arena *a, struct config *c, const char *text)
{
    (void)a;
    c->trusted_proxies = text;
    return NULL;
}

static const char *set_private_networks(struct arena *a, struct config *c, const char *text)
{
    (void)a;
    c->private_networks = text;
    return NULL;
}

static const char *set_metrics_networks(struct arena *a, struct config *c, const char *text)
{
    (void)a;
    c->metrics_networks = text;
    return NULL;
}

static const char *set_system_user(struct arena *a, struct config *c, const char *text)
{
    (void)a;
    c->system_user = text;
    return NULL;
}

static const char *set_postgres_dir(struct arena *a, struct config *c, const char *text)
{
    (void)a;
    c->postgres_dir = text;
    return NULL;
}

static const char *set_log_level(struct arena *a, struct config *c, const char *text)
{
    (void)a;
    static const char *const levels[] = {
        [LOG_DEBUG] = "debug", [LOG_INFO] = "info", [LOG_WARN] = "warn", [LOG_ERROR] = "error"};
    for (size_t i = 0; i < ARRAY_LEN(levels); i++)
        if (strcasecmp(text, levels[i]) == 0) {
            c->log_level = (enum log_level)i;
            return NULL;
        }
    return "is none of debug, info, warn, error";
}

static const char *set_log_format(struct arena *a, struct config *c, const char *text)
{
    (void)a;
    if (strcasecmp(text, "json") == 0)
        c->log_json = true;
    else if (strcasecmp(text, "text") == 0)
        c->log_json = false;
    else if (strcasecmp(text, "auto") == 0)
        c->log_json = !isatty(STDERR_FILENO);
    else
        return "is none of json, text, auto";
    return NULL;
}

static const char *set_workers(struct arena *a, struct config *c, const char *text)
{
    (void)a;
    int64_t n = 0;
    if (strcmp(text, "auto") == 0) {
        n = sysconf(_SC_NPROCESSORS_ONLN);
        n = n < 1 ? 1 : n > 64 ? 64 : n;
    } else if (!number_parse(text, 1, 64, false, &n)) {
        return "is not a number from 1 to 64";
    }
    c->workers = (int)n;
    return NULL;
}

static const char *set_connections(struct arena *a, struct config *c, const char *text)
{
    (void)a;
    int64_t n = 0;
    if (!number_parse(text, 10, 100000, false, &n)) return "is not a number from 10 to 100000";
    c->connections_max = (int)n;
    return NULL;
}

static const char *set_per_address(struct arena *a, struct config *c, const char *text)
{
    (void)a;
    int64_t n = 0;
    if (!number_parse(text, 0, 100000, false, &n))
        return "is not a number from 0 (no limit) to 100000";
    c->connections_per_address = (int)n;
    return NULL;
}

static const char *set_sockets(struct arena *a, struct config *c, const char *text)
{
    (void)a;
    int64_t n = 0;
    if (!number_parse(text, 10, 1000000, false, &n)) return "is not a number from 10 to 1000000";
    c->sockets_max = (int)n;
    return NULL;
}

static const char *set_audit_keep(struct arena *a, struct config *c, const char *text)
{
    int64_t n = 0;
    (void)a;
    if (!number_parse(text, 0, 36500, false, &n)) return "is not a number of days (0: for ever)";
    c->audit_keep_days = (int)n;
    return NULL;
}

static const char *set_upload_max(struct arena *a, struct config *c, const char *text)
{
    (void)a;
    if (!number_parse(text, 64 << 10, INT64_C(4) << 30, true, &c->upload_max_bytes))
        return "is not a size from 64K to 4G, as 64M";
    return NULL;
}

/* --- the platforms of channels --------------------------------------------------------- */

static const char *set_meta_graph_url(struct arena *a, struct config *c, const char *text)
{
    return url_parse(a, text, &c->meta_graph_url);
}

static const char *set_instagram_graph_url(struct arena *a, struct config *c, const char *text)
{
    return url_parse(a, text, &c->instagram_graph_url);
}

static const char *set_instagram_api_url(struct arena *a, struct config *c, const char *text)
{
    return url_parse(a, text, &c->instagram_api_url);
}

static const char *set_facebook_dialog_url(struct arena *a, struct config *c, const char *text)
{
    return url_parse(a, text, &c->facebook_dialog_url);
}

static const char *set_instagram_dialog_url(struct arena *a, struct config *c, const char *text)
{
    return url_parse(a, text, &c->instagram_dialog_url);
}

static const char *set_meta_graph_version(struct arena *a, struct config *c, const char *text)
{
    (void)a;
    c->meta_graph_version = text;
    return NULL;
}

static const char *set_meta_media_hosts(struct arena *a, struct config *c, const char *text)
{
    (void)a;
    c->meta_media_hosts = text;
    return NULL;
}

static const char *set_meta_app_id(struct arena *a, struct config *c, const char *text)
{
    (void)a;
    c->meta_app_id = text;
    return NULL;
}

static const char *set_meta_app_secret(struct arena *a, struct config *c, const char *text)
{
    (void)a;
    c->meta_app_secret = text;
    return NULL;
}

static const char *set_meta_config_id(struct arena *a, struct config *c, const char *text)
{
    (void)a;
    c->meta_config_id = text;
    return NULL;
}

static const char *set_meta_verify_token(struct arena *a, struct config *c, const char *text)
{
    (void)a;
    c->meta_verify_token = text;
    return NULL;
}

static const char *set_instagram_app_id(struct arena *a, struct config *c, const char *text)
{
    (void)a;
    c->instagram_app_id = text;
    return NULL;
}

static const char *set_instagram_app_secret(struct arena *a, struct config *c, const char *text)
{
    (void)a;
    c->instagram_app_secret = text;
    return NULL;
}

static const char *set_ca_file(struct arena *a, struct config *c, const char *text)
{
    (void)a;
    if (access(text, R_OK) != 0) return "is not a file that can be read";
    c->ca_file = text;
    return NULL;
}

static const char *set_no_demo(struct arena *a, struct config *c, const char *text)
{
    (void)a;
    (void)text;
    c->demo = false;
    return NULL;
}

const struct config_row config_rows[] = {
    {"--listen", "INTERFLOW_LISTEN", "HOST:PORT", "127.0.0.1:8080", "Where to listen.", set_listen},
    {"--data", "INTERFLOW_DATA", "DIR", "./data",
     "Folder of the private database, the files and the keys.", set_data},
    {NULL, "DATABASE_URL", "URL", NULL,
     "A PostgreSQL 15 or newer to use instead of the private one, as "
     "postgresql://user:password@host/database.",
     set_database},
    {NULL, "INTERFLOW_PUBLIC_URL", "URL", NULL,
     "The address that people use, for links in mails; otherwise http:// and where it listens.",
     set_public_url},
    {NULL, "INTERFLOW_TRUSTED_PROXIES", "LIST", "127.0.0.1,::1",
     "Reverse proxies whose X-Forwarded-For and X-Forwarded-Proto are believed.",
     set_trusted_proxies},
    {NULL, "INTERFLOW_ALLOW_PRIVATE", "NETWORKS", NULL,
     "Private networks that outgoing calls may reach, as 10.1.0.0/16,fd00::/8; otherwise none.",
     set_private_networks},
    {NULL, "INTERFLOW_USER", "NAME", NULL,
     "System user of the workers and the private PostgreSQL when started as root; otherwise "
     "interflow, else postgres.",
     set_system_user},
    {NULL, "INTERFLOW_POSTGRES", "DIR", NULL,
     "Folder of PostgreSQL's programs (initdb, postgres); otherwise the newest of "
     "/usr/lib/postgresql.",
     set_postgres_dir},
    {NULL, "INTERFLOW_METRICS_FROM", "NETWORKS", NULL,
     "Networks that may read /metrics, besides this machine.", set_metrics_networks},
    {NULL, "INTERFLOW_LOG", "LEVEL", "info", "debug, info, warn or error.", set_log_level},
    {NULL, "INTERFLOW_LOG_FORMAT", "FORMAT", "auto",
     "json, text, or auto: json unless on a terminal.", set_log_format},
    {NULL, "INTERFLOW_WORKERS", "NUMBER", "auto", "Worker processes, 1 to 64; auto: one per core.",
     set_workers},
    {NULL, "INTERFLOW_CONNECTIONS", "NUMBER", "4000", "HTTP connections per worker.",
     set_connections},
    {NULL, "INTERFLOW_CONNECTIONS_PER_ADDRESS", "NUMBER", "200",
     "HTTP connections of one address per worker, this machine and trusted proxies excepted; 0: no "
     "limit.",
     set_per_address},
    {NULL, "INTERFLOW_SOCKETS", "NUMBER", "20000", "Live connections (WebSocket) per worker.",
     set_sockets},
    {NULL, "INTERFLOW_UPLOAD_MAX", "SIZE", "64M", "Largest file that is taken, as 64M.",
     set_upload_max},
    {NULL, "INTERFLOW_AUDIT_KEEP", "DAYS", "0",
     "Days that entries of the audit log are kept; 0: for ever.", set_audit_keep},
    {NULL, "INTERFLOW_CA_FILE", "FILE", NULL,
     "Certificates (PEM) of the authorities that outgoing calls and mail connections trust, "
     "instead "
     "of the system's.",
     set_ca_file},
    {NULL, "META_GRAPH_URL", "URL", "https://graph.facebook.com",
     "Address of Meta's Graph API: WhatsApp, Messenger, Instagram by a Facebook page.",
     set_meta_graph_url},
    {NULL, "INSTAGRAM_GRAPH_URL", "URL", "https://graph.instagram.com",
     "Address of the Graph API of Instagram by its own login.", set_instagram_graph_url},
    {NULL, "INSTAGRAM_API_URL", "URL", "https://api.instagram.com",
     "Address where codes of Instagram's own login are exchanged.", set_instagram_api_url},
    {NULL, "FACEBOOK_DIALOG_URL", "URL", "https://www.facebook.com",
     "Address of Facebook's login dialog.", set_facebook_dialog_url},
    {NULL, "INSTAGRAM_DIALOG_URL", "URL", "https://www.instagram.com",
     "Address of Instagram's login dialog.", set_instagram_dialog_url},
    {NULL, "META_GRAPH_VERSION", "TEXT", "v26.0", "Version of the Graph API, as v26.0.",
     set_meta_graph_version},
    {NULL, "META_MEDIA_HOSTS", "LIST", "lookaside.fbsbx.com,fbcdn.net,cdninstagram.com,fbsbx.com",
     "Hosts, and those below them, from which files that people sent are fetched; the token goes "
     "nowhere else.",
     set_meta_media_hosts},
    {NULL, "META_APP_ID", "TEXT", NULL,
     "The installation's own Meta app: its id, for connecting by login.", set_meta_app_id},
    {NULL, "META_APP_SECRET", "TEXT", NULL,
     "Its secret; also checks what comes to /hooks/{kind} without a key.", set_meta_app_secret},
    {NULL, "META_CONFIG_ID", "TEXT", NULL, "Its configuration of WhatsApp's embedded sign-up.",
     set_meta_config_id},
    {NULL, "META_VERIFY_TOKEN", "TEXT", NULL,
     "What Meta says when it looks whether /hooks/{kind} is ours.", set_meta_verify_token},
    {NULL, "INSTAGRAM_APP_ID", "TEXT", NULL, "The Instagram app's id, for Instagram's own login.",
     set_instagram_app_id},
    {NULL, "INSTAGRAM_APP_SECRET", "TEXT", NULL, "Its secret.", set_instagram_app_secret},
    {"--no-demo", NULL, NULL, NULL, "No demonstration data (only ./run makes them).", set_no_demo},
    {0},
};

/* The value given to row by a flag in argv, which it removes; the last of several wins. NULL:
 * none. */
static const char *flag_take(struct arena *a, const struct config_row *row, int *argc, char **argv,
                             const char **ret_why)
{
    const char *value = NULL;
    size_t flag_len = strlen(row->flag);
    for (int i = 0; i < *argc && strcmp(argv[i], "--") != 0;) {
        if (strncmp(argv[i], row->flag, flag_len) != 0 ||
            (argv[i][flag_len] && argv[i][flag_len] != '=')) {
            i++;
            continue;
        }
        int taken = 1;
        if (!row->value) {
            if (argv[i][flag_len] == '=') {
                *ret_why = arena_printf(a, "%s takes no value", row->flag);
                return NULL;
            }
            value = "";
        } else if (argv[i][flag_len] == '=') {
            value = argv[i] + flag_len + 1;
        } else if (i + 1 < *argc) {
            value = argv[i + 1];
            taken = 2;
        } else {
            value = "";
        }
        if (row->value && !*value) {
            *ret_why = arena_printf(a, "%s needs a value: %s %s", row->flag, row->flag, row->value);
            return NULL;
        }
        for (int k = i; k + taken < *argc; k++)
            argv[k] = argv[k + taken];
        *argc -= taken;
    }
    return value;
}

enum err config_read(struct arena *a, int *argc, char **argv, struct config *ret_config,
                     const char **ret_why)
{
    struct config c = {.demo = true};
    for (const struct config_row *row = config_rows; row->help; row++) {
        const char *name = row->flag;
        const char *why = NULL;
        const char *text = row->flag ? flag_take(a, row, argc, argv, &why) : NULL;
        if (why) {
            *ret_why = why;
            return ERR_INVALID;
        }
        if (!text && row->env) {
            name = row->env;
            text = getenv(row->env);
            if (text && !*text) text = NULL;
        }
        if (!text) text = row->otherwise;
        why = text ? row->set(a, &c, text) : NULL;
        if (why) {
            /* An address may hold a password: never repeated. */
            *ret_why = row->set == set_database ? arena_printf(a, "%s %s", name, why)
                                                : arena_printf(a, "%s: '%s' %s", name, text, why);
            return ERR_INVALID;
        }
    }
    *ret_config = c;
    return ERR_OK;
}
