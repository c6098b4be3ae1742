/* Network addresses as 16 bytes: IPv6, or IPv4 in its mapped form (::ffff:a.b.c.d), so that one
 * comparison fits both. */
#ifndef INTERFLOW_CORE_ADDRESS_H
#define INTERFLOW_CORE_ADDRESS_H

#include <stdbool.h>

#include "base/util.h"

struct sockaddr;

#define ADDRESS_TEXT_SIZE 46

struct address {
    unsigned char b[16];
};

/* Text of IPv4 or IPv6, also in brackets; no port, no zone. False leaves *ret alone. */
bool address_parse(const char *text, struct address *ret);
/* False for other families than INET and INET6. */
bool address_of(const struct sockaddr *sa, struct address *ret);
/* Dotted IPv4 for mapped ones. Returns out. */
const char *address_text(const struct address *a, char out[ADDRESS_TEXT_SIZE]);
/* Is a in the list of addresses and networks "10.0.0.0/8, ::1"? Words that are neither match
 * nothing; NULL is empty. */
bool address_in(const struct address *a, const char *list);
bool address_loopback(const struct address *a);
/* One that calls to the outside may reach: public unicast, and nothing that leads elsewhere (NAT64,
 * 6to4, Teredo). What is in allowed (a list as above) is always fine. See also address_allowed in
 * http_client.h. */
bool address_public(const struct address *a, const char *allowed);

#endif
