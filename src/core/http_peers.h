/* How many connections each address has. IPv6 counts by /64, which is what one subscriber gets. */
#ifndef INTERFLOW_CORE_HTTP_PEERS_H
#define INTERFLOW_CORE_HTTP_PEERS_H

#include "core/address.h"

struct http_peers;

struct http_peers *http_peers_new(void);
void http_peers_free(struct http_peers *p); /* NULL is fine */
int http_peers_count(const struct http_peers *p, const struct address *a);
/* by is 1 or -1. */
void http_peers_add(struct http_peers *p, const struct address *a, int by);

#endif
