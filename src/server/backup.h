/* The archive of backup and restore: a tar of
 *
 *     interflow.json          {"format":1,"version","createdAt","migrations":N,
 *                              "extensions":{"unaccent":"public",…}}
 *     seal.key                hexadecimal
 *     database/000000 …       pg_dump's custom format in parts, each followed by
 *     database/000000.sha256  its hash
 *     files/<sha256> …        contents; the name is the hash
 *     end                     "complete\n"
 *
 * The database comes first and the contents after it: contents never change and come before their
 * rows, so every file that the dump knows is there, whatever happens meanwhile. */
#ifndef INTERFLOW_SERVER_BACKUP_H
#define INTERFLOW_SERVER_BACKUP_H

#include "base/util.h"

#define BACKUP_FORMAT     1
#define BACKUP_PART_BYTES (16 * MIB)
#define BACKUP_END        "complete\n"

#endif
