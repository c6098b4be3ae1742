/* Inside of the bus: shared by bus.c (this machine) and bus_nodes.c (other machines), included by
 * nobody else. */
#ifndef INTERFLOW_CORE_BUS_IMPL_H
#define INTERFLOW_CORE_BUS_IMPL_H

#include "core/bus.h"

#define BUS_TOPIC_MAX  32
#define BUS_DATAGRAM   (60 * 1024) /* most bytes of one datagram */
#define BUS_RECORD_MAX (BUS_TOPIC_MAX + 16 + BUS_MESSAGE_MAX)
#define BUS_QUEUE_MAX  (512 * KIB) /* for one receiver, before it is told that it missed some */
#define BUS_MISSED     "missed"    /* topic: records before this one may be lost */
#define BUS_HELLO      "hello"     /* topic: a machine is there (again); what it said is lost */

/* A record: "topic length\npayload". A datagram begins with 'l' (from a worker of this machine) or
 * 'r' (from another machine), then records. */

/* Calls fn for every record; stops at what it cannot read. */
void bus_records(const char *data, size_t len,
                 void (*fn)(void *arg, const char *topic, const char *payload), void *arg);
/* Bytes of the whole records at the front of data that fit into max; 0: the first one does not, or
 * cannot be read. */
size_t bus_records_fit(const char *data, size_t len, size_t max);
/* False: too long. */
bool bus_record_add(struct buf *out, const char *topic, const char *payload);
/* From another machine: to every worker of this one. */
void bus_from_nodes(struct bus *b, const char *data, size_t len);

/* --- bus_nodes.c: the connection to the other machines, held by one worker of each ----- */
struct bus_nodes;
struct bus_nodes *bus_nodes_new(struct bus *b, struct app *app, const char *url);
void bus_nodes_free(struct bus_nodes *n);
/* Records of this machine for the others; dropped when there are none. */
void bus_nodes_send(struct bus_nodes *n, const char *data, size_t len);

#endif
