/* What the store of files shows to the outside by itself: signed addresses; and the jobs that sweep
 * it: rows that nothing uses (what was uploaded and never sent, what was refused), and contents
 * without a row. The routes with which people upload and read files belong to the domains, which know who may
 * see what. */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "core/files.h"
#include "core/log.h"
#include "core/loop.h"
#include "sql.h"

#define SWEEP_AGE_MS                                                                               \
    DAY_MS /* content without a row is kept this long: its transaction may be under way */
#define SWEEP_BATCH    500
#define BACKUP_WAIT_MS (10 * MINUTE_MS)
#define ROWS_BATCH     500
#define ROWS_PAUSE_MS  20

/* --- GET /files/{token}/{name} --------------------------------------------------------- */

static enum err get_signed(struct ctx *c, struct request *r, struct reply *p)
{
    (void)r;
    struct file f;
    enum err e = files_open_token(c, in_text(c, "token"), &f);
    if (e) return e;
    e = files_reply(c, &f, in_bool(c, "download", false), p);
    if (!e) /* chat windows on other origins show it; who has the address may see it */
        reply_header(c, p, "Cross-Origin-Resource-Policy", "cross-origin");
    return e;
}

static const struct field signed_fields[] = {
    {.name = "token", .type = F_TEXT, .in = IN_PATH, .required = true, .min = 1, .max = 200},
    {.name = "name", .type = F_TEXT, .in = IN_PATH, .required = true, .min = 1, .max = 300},
    {.name = "download", .type = F_BOOL, .in = IN_QUERY, .help = "As a download, not in place."},
    {0},
};

const struct route files_routes[] = {
    {.method = HTTP_GET,
     .path = "/files/{token}/{name}",
     .id = "files.signed",
     .access = ACCESS_PUBLIC,
     .rate_per_minute = 3000,
     .fields = signed_fields,
     .shape = ANSWER_OTHER,
     .handler = get_signed},
    {0},
};

/* --- job files.clean ------------------------------------------------------------------- */

/* One folder root/ab/cd at a time: its old contents' names, read on a thread. */
struct sweep {
    const char *folder;
    int64_t before_s;
    struct arena *arena;
    const char **names;
    int count;
};

static bool is_old(int folder, const char *name, int64_t before_s)
{
    struct stat st;
    return fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode) &&
           st.st_mtime < before_s;
}

static void folder_list(void *arg)
{
    struct sweep *s = arg;
    DIR *d = opendir(s->folder);
    for (struct dirent *e = d ? readdir(d) : NULL; e && s->count < SWEEP_BATCH; e = readdir(d))
        if (strlen(e->d_name) == 64 && is_old(dirfd(d), e->d_name, s->before_s))
            s->names[s->count++] = arena_strdup(s->arena, e->d_name);
    if (d) closedir(d);
}

/* Remove what the list still names and is still old: it may have been taken again since. */
static void folder_sweep(void *arg)
{
    struct sweep *s = arg;
    CLEANUP(fd_closep) int fd = open(s->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    for (int i = 0; fd >= 0 && i < s->count; i++)
        if (is_old(fd, s->names[i], s->before_s) && unlinkat(fd, s->names[i], 0) == 0) {
            char small[80]; /* thumbnail.c */
            (void)snprintf(small, sizeof small, "%.64s.webp", s->names[i]);
            (void)unlinkat(fd, small, 0);
        }
}

/* ERR_CONFLICT: a backup runs. */
static enum err sweep_one(struct ctx *c, const char *folder, int *removed)
{
    CLEANUP(arena_freep) struct arena *a = arena_new(MIB);
    struct sweep s = {
        .folder = folder, .arena = a, .before_s = (clock_unix_ms() - SWEEP_AGE_MS) / 1000};
    s.names = arena_array(a, SWEEP_BATCH, sizeof *s.names);
    enum err e = loop_offload(c->app->loop, folder_list, &s);
    if (e || s.count == 0) return e;
    struct buf list = BUF_INIT(SWEEP_BATCH * 66 + 8);
    buf_addc(&list, '{');
    for (int i = 0; i < s.count; i++)
        buf_addf(&list, "%s%s", i ? "," : "", s.names[i]);
    buf_addc(&list, '}');
    CLEANUP(db_rollbackp) struct db_tx *tx = NULL; /* its lock is held until the last unlink */
    struct rows *r = NULL;
    e = db_begin(c, &tx);
    if (!e) e = db_one(c, &SQL_FILES_SWEEP_BEGIN, NULL, &r);
    if (!e && !rows_bool(r, 0, "free")) e = ERR_CONFLICT;
    if (!e) e = db_query(c, &SQL_FILES_UNREFERENCED, PARAMS(P_TEXT("hashes", buf_str(&list))), &r);
    buf_free(&list);
    if (e) return e;
    s.count = rows_count(r);
    for (int i = 0; i < s.count; i++)
        s.names[i] = rows_text(r, i, "sha256");
    *removed += s.count;
    return s.count ? loop_offload(c->app->loop, folder_sweep, &s) : ERR_OK;
}

static enum job_outcome clean(struct ctx *c, struct job *j)
{
    int removed = 0;
    enum err e = ERR_OK;
    for (int i = 0; i < 65536 && !e; i++) {
        const char *first =
            arena_printf(c->arena, "%s/files/%02x", c->app->config->data_dir, (unsigned)i >> 8);
        if ((i & 0xff) == 0 && access(first, F_OK) != 0) {
            i += 0xff;
            continue;
        }
        CLEANUP(ctx_freep) struct ctx *own = ctx_new(c->app, MIB, c->deadline_ms);
        const char *folder = arena_printf(own->arena, "%s/%02x", first, (unsigned)i & 0xff);
        if (access(folder, F_OK) == 0) e = sweep_one(own, folder, &removed);
    }
    if (removed > 0)
        log_event(LOG_INFO, c->trace, "contents without a row were removed",
                  LOG_FIELDS(LOG_INT("files", removed)));
    if (e == ERR_CONFLICT) { /* a backup runs */
        j->again_unix_ms = clock_unix_ms() + BACKUP_WAIT_MS;
        return JOB_AGAIN_AT;
    }
    j->error = e ? err_row(e)->text : NULL;
    return e ? JOB_RETRY : JOB_DONE;
}

/* --- job files.unused ------------------------------------------------------------------ */

/* In small commits: whoever wants to use a file again meanwhile waits for one step at most. */
static enum err rows_sweep(struct ctx *c, struct uuid org, int64_t *removed)
{
    struct uuid last = {0};
    for (;;) {
        CLEANUP(ctx_freep) struct ctx *own = ctx_new(c->app, MIB, c->deadline_ms);
        own->org = org;
        struct rows *r = NULL;
        enum err e = db_one(own, &SQL_FILES_SWEEP,
                            PARAMS(P_UUID("after", last), P_INT("limit", ROWS_BATCH)), &r);
        if (e) return e;
        *removed += rows_int(r, 0, "removed", 0);
        last = rows_uuid(r, 0, "last");
        if (uuid_is_nil(last)) return ERR_OK;
        e = loop_sleep(c->app->loop, ROWS_PAUSE_MS);
        if (e) return e;
    }
}

static enum job_outcome clean_rows(struct ctx *c, struct job *j)
{
    struct rows *orgs = NULL;
    int64_t removed = 0;
    enum err e = db_query(c, &SQL_FILES_ORGS, NULL, &orgs);
    for (int i = 0; !e && i < rows_count(orgs); i++) {
        enum err one = rows_sweep(c, rows_uuid(orgs, i, "org_id"), &removed);
        if (one == ERR_CANCELLED || one == ERR_DEADLINE) e = one;
        if (one && !e)
            log_event(LOG_WARN, c->trace, "unused files of an organization were not removed",
                      LOG_FIELDS(LOG_TEXT("error", err_row(one)->text)));
    }
    if (removed > 0)
        log_event(LOG_INFO, c->trace, "files that nothing uses were removed",
                  LOG_FIELDS(LOG_INT("files", removed)));
    j->error = e ? err_row(e)->text : NULL;
    return e ? JOB_RETRY : JOB_DONE;
}

const struct job_kind files_jobs[] = {
    {.name = "files.unused",
     .help = "Removes files that are older than a day and that nothing uses.",
     .run = clean_rows,
     .every_s = 24 * 3600,
     .timeout_s = 3600,
     .at_once = 1},
    {.name = "files.clean",
     .help = "Removes contents that no file refers to any more.",
     .run = clean,
     .every_s = 24 * 3600,
     .timeout_s = 3600,
     .at_once = 1},
    {0},
};
