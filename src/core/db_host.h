/* Looking up the database's host outside of libpq (db_host.c). One lookup serves one connection attempt. */
#ifndef INTERFLOW_CORE_DB_HOST_H
#define INTERFLOW_CORE_DB_HOST_H

#include <stdbool.h>

#include "base/util.h"

struct lookup;
/* What must be looked up for this URL; NULL: nothing. The caller frees it. */
struct lookup *db_lookup_new(const char *url);
/* The work, which waits for the name server: for a thread. arg is the lookup. */
void db_lookup_run(void *arg);
/* libpq's host, hostaddr and port (NULL: the default), which live as long as l; false: no name has
 * an address. */
MUST_USE bool db_lookup_found(struct lookup *l, const char **ret_hosts, const char **ret_addresses,
                              const char **ret_ports);
void db_lookup_free(struct lookup *l); /* NULL is fine */

#endif
