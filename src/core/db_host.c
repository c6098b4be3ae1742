/* The addresses of the database's host, looked up on a thread: libpq would do it inside the call that
 * begins a connection and stop the whole loop while a name server is silent.
 *
 * Each name is replaced by all of its addresses: host=h,h hostaddr=a,b and as many ports. The name
 * stays, for certificates and password files. What needs no look-up (sockets, addresses, an hostaddr
 * of its own) is left to libpq, and so is what only libpq knows: service files and its environment. */
#include "core/db_host.h"

#include <libpq-fe.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/buf.h"
#include "base/mem.h"

#define LIST_MAX      (8 * KIB)
#define ADDRESSES_MAX 8 /* of one name */
#define ADDRESS_SIZE  64

/* On a thread: nothing but its own memory. */
struct lookup {
    char *hosts, *ports; /* as the URL has them, with commas; ports may be NULL */
    struct buf host_list, address_list, port_list;
    bool failed;
};

static const char *option(const PQconninfoOption *all, const char *name)
{
    for (const PQconninfoOption *o = all; o->keyword; o++) {
        if (strcmp(o->keyword, name) == 0) return o->val && *o->val ? o->val : NULL;
    }
    return NULL;
}

static bool is_address(const char *host, size_t len)
{
    char text[256];
    if (len == 0 || len >= sizeof text) return true;
    if (host[0] == '/' || host[0] == '@') return true; /* a socket */
    memcpy(text, host, len);
    text[len] = 0;
    struct addrinfo hints = {.ai_flags = AI_NUMERICHOST}, *all = NULL;
    if (getaddrinfo(text, NULL, &hints, &all) != 0) return false;
    freeaddrinfo(all);
    return true;
}

/* Is there a name among them, and nothing that a list of addresses cannot say? */
static bool needs_lookup(const char *hosts)
{
    bool names = false;
    for (const char *h = hosts;; h++) {
        size_t len = strcspn(h, ",");
        if (len == 0 || *h == '/' || *h == '@') return false;
        if (!is_address(h, len)) names = true;
        h += len;
        if (!*h) return names;
    }
}

struct lookup *db_lookup_new(const char *url)
{
    PQconninfoOption *all = PQconninfoParse(url, NULL);
    if (!all) return NULL; /* libpq will say what is wrong with it */
    const char *hosts = option(all, "host"), *ports = option(all, "port");
    struct lookup *l = NULL;
    if (hosts && !option(all, "hostaddr") && needs_lookup(hosts)) {
        l = mem_alloc(sizeof *l);
        l->hosts = mem_strdup(hosts);
        l->ports = ports ? mem_strdup(ports) : NULL;
        l->host_list = BUF_INIT(LIST_MAX);
        l->address_list = BUF_INIT(LIST_MAX);
        l->port_list = BUF_INIT(LIST_MAX);
    }
    PQconninfoFree(all);
    return l;
}

void db_lookup_free(struct lookup *l)
{
    if (!l) return;
    buf_free(&l->host_list);
    buf_free(&l->address_list);
    buf_free(&l->port_list);
    mem_free(l->hosts);
    mem_free(l->ports);
    mem_free(l);
}

static void add_item(struct buf *list, const char *text, size_t len)
{
    if (list->len > 0) buf_addc(list, ',');
    buf_add(list, text, len);
}

static void add_name(struct lookup *l, const char *name, const char *port, size_t port_len)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG}, *all = NULL;
    if (getaddrinfo(name, NULL, &hints, &all) != 0) return;
    int n = 0;
    for (const struct addrinfo *a = all; a && n < ADDRESSES_MAX; a = a->ai_next) {
        char text[ADDRESS_SIZE];
        if (getnameinfo(a->ai_addr, a->ai_addrlen, text, sizeof text, NULL, 0, NI_NUMERICHOST) != 0)
            continue;
        add_item(&l->host_list, name, strlen(name));
        add_item(&l->address_list, text, strlen(text));
        if (l->ports) {
            if (l->port_list.len > 0 || n > 0) buf_addc(&l->port_list, ',');
            buf_add(&l->port_list, port, port_len);
        }
        n++;
    }
    freeaddrinfo(all);
}

void db_lookup_run(void *arg)
{
    struct lookup *l = arg;
    const char *port = l->ports;
    size_t port_len = port ? strcspn(port, ",") : 0;
    for (const char *h = l->hosts;;) {
        size_t len = strcspn(h, ",");
        char name[256];
        if (len < sizeof name) {
            memcpy(name, h, len);
            name[len] = 0;
            add_name(l, name, port, port_len);
        }
        h += len;
        if (!*h++) break;
        if (port && port[port_len]) { /* one port for all, or one for each */
            port += port_len + 1;
            port_len = strcspn(port, ",");
        }
    }
    l->failed = l->address_list.len == 0 || buf_failed(&l->host_list) ||
                buf_failed(&l->address_list) || buf_failed(&l->port_list);
}

bool db_lookup_found(struct lookup *l, const char **ret_hosts, const char **ret_addresses,
                     const char **ret_ports)
{
    if (l->failed) return false;
    *ret_hosts = buf_str(&l->host_list);
    *ret_addresses = buf_str(&l->address_list);
    *ret_ports = l->ports ? buf_str(&l->port_list) : NULL;
    return true;
}
