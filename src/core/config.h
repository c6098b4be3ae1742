/* Settings of the installation: flags before environment before defaults, one table with their
 * help. What an organization can set lives in the database, not here. */
#ifndef INTERFLOW_CORE_CONFIG_H
#define INTERFLOW_CORE_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "core/log.h"

/* What each means and its default: the rows in config.c. NULL where a setting has none. */
struct config {
    const char *listen_host;
    int listen_port;          /* 0: any free one */
    const char *data_dir;     /* absolute */
    const char *database_url; /* NULL: the private PostgreSQL in the data folder */
    const char *public_url;   /* without a slash at the end; NULL: http://<listen> */
    const char *trusted_proxies;
    const char *private_networks;
    const char *system_user;
    const char *postgres_dir;
    const char *metrics_networks;
    const char *ca_file; /* authorities that outgoing calls trust; NULL: the system's */
    enum log_level log_level;
    bool log_json;
    int workers;                 /* 1 to 64 */
    int connections_max;         /* per worker */
    int connections_per_address; /* per worker; 0: no limit */
    int sockets_max;             /* per worker */
    int64_t upload_max_bytes;    /* of one file */
    bool demo;                   /* not --no-demo */
    int audit_keep_days;         /* 0: for ever */
    /* Platforms of channels; addresses without a slash at the end. */
    const char *meta_graph_url;
    const char *instagram_graph_url;
    const char *instagram_api_url;
    const char *facebook_dialog_url;
    const char *instagram_dialog_url;
    const char *meta_graph_version;
    const char *meta_media_hosts;
    const char *meta_app_id;
    const char *meta_app_secret;
    const char *meta_config_id;
    const char *meta_verify_token;
    const char *instagram_app_id;
    const char *instagram_app_secret;
};

/* One row per setting, for parsing, --help and docs. To add one: a member above, a row and its
 * setter in config.c. */
struct config_row {
    const char *flag;      /* "--listen" or NULL */
    const char *env;       /* NULL: only a flag */
    const char *value;     /* "HOST:PORT"; NULL: a switch without value */
    const char *otherwise; /* default as text, taken like any other value; NULL: unset */
    const char *help;
    /* Checks text and puts it into c. NULL when fine, else what is wrong ("is not HOST:PORT"). text
     * lives as long as c. */
    const char *(*set)(struct arena *a, struct config *c, const char *text);
};
extern const struct config_row config_rows[]; /* ends with a row without help */

/* Reads the flags of argv (argv[0] is the first argument after the command) and the environment.
 * What is not a setting's flag stays in *argc and argv, in its order, for the command to read; "--"
 * ends the flags. Texts live in the arena or the environment. ERR_INVALID: *ret_why is one clear
 * line. */
MUST_USE enum err config_read(struct arena *a, int *argc, char **argv, struct config *ret_config,
                              const char **ret_why);

#endif
