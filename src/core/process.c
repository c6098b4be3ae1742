/* The system user and the data folder (process.h).
 *
 * Invariants: as root nothing that a client can reach runs as root, and everything below the data
 * folder belongs to the system user, so that the workers and PostgreSQL can read it after they
 * dropped the privileges. A folder that somebody else made (a mount, /srv/x) keeps its owner and
 * mode: only what we make ourselves is changed. */
#include "core/process.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/crypto.h"

const char *data_path(struct arena *a, const struct config *config, const char *name)
{
    return arena_printf(a, "%s/%s", config->data_dir, name);
}

enum err process_user_find(struct arena *a, const struct config *config,
                           struct process_user *ret_user, const char **ret_why)
{
    if (geteuid() != 0) {
        struct passwd *self = getpwuid(geteuid());
        *ret_user = (struct process_user){
            .name =
                self ? arena_strdup(a, self->pw_name) : arena_printf(a, "%u", (unsigned)geteuid()),
            .uid = geteuid(),
            .gid = getegid(),
        };
        return ERR_OK;
    }
    struct passwd *p = NULL;
    struct stat cluster;
    if (config->system_user) {
        p = getpwnam(config->system_user);
        if (!p) {
            *ret_why = arena_printf(a, "INTERFLOW_USER: there is no system user '%s'",
                                    config->system_user);
            return ERR_INVALID;
        }
    } else if (stat(data_path(a, config, "pg"), &cluster) == 0 && cluster.st_uid != 0) {
        p = getpwuid(cluster.st_uid);
    }
    if (!p) p = getpwnam("interflow");
    if (!p) p = getpwnam("postgres");
    if (!p || p->pw_uid == 0) {
        *ret_why = "started as root, PostgreSQL and the workers need a system user of their own: "
                   "useradd --system interflow, or name one by INTERFLOW_USER";
        return ERR_INVALID;
    }
    *ret_user = (struct process_user){
        .name = arena_strdup(a, p->pw_name), .uid = p->pw_uid, .gid = p->pw_gid, .change = true};
    return ERR_OK;
}

enum err process_become(const struct process_user *u)
{
    if (!u->change) return ERR_OK;
    if (initgroups(u->name, u->gid) != 0 || setresgid(u->gid, u->gid, u->gid) != 0 ||
        setresuid(u->uid, u->uid, u->uid) != 0)
        return ERR_FORBIDDEN;
    /* And it stays so: nothing that is run from here gets more, setuid or not. */
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return ERR_FORBIDDEN;
    return ERR_OK;
}

void process_die_with(pid_t parent, int signal)
{
    prctl(PR_SET_PDEATHSIG, signal);
    if (getppid() != parent) _exit(1);
}

/* Can u pass through every folder above path? *ret_blocked is the one that stops it. */
static bool path_reachable(struct arena *a, const struct process_user *u, const char *path,
                           const char **ret_blocked)
{
    if (!u->change) return true;
    char *copy = arena_strdup(a, path);
    for (char *slash = strchr(copy + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        struct stat st;
        if (stat(copy, &st) == 0) {
            mode_t need = st.st_uid == u->uid ? S_IXUSR : st.st_gid == u->gid ? S_IXGRP : S_IXOTH;
            if (!(st.st_mode & need)) {
                *ret_blocked = copy;
                return false;
            }
        }
        *slash = '/';
    }
    return true;
}

/* mkdir -p for the folders above path; they get the usual mode. */
static void parents_make(struct arena *a, const char *path)
{
    char *copy = arena_strdup(a, path);
    for (char *slash = strchr(copy + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        (void)mkdir(copy, 0755); /* exists: fine; anything else is seen by the last mkdir */
        *slash = '/';
    }
}

static enum err cannot(struct arena *a, const char *path, const char *what, const char **ret_why)
{
    *ret_why = arena_printf(a, "cannot %s %s: %s", what, path, strerror(errno));
    return ERR_IO;
}

/* A folder of ours: made with mode and given to u; one that exists is only checked. */
static enum err folder_make(struct arena *a, const struct process_user *u, const char *path,
                            mode_t mode, const char **ret_why)
{
    if (mkdir(path, mode) == 0) {
        if ((u->change && chown(path, u->uid, u->gid) != 0) || chmod(path, mode) != 0)
            return cannot(a, path, "give away", ret_why);
        return ERR_OK;
    }
    if (errno != EEXIST) return cannot(a, path, "make the folder", ret_why);
    struct stat st;
    if (stat(path, &st) != 0) return cannot(a, path, "look at", ret_why);
    if (!S_ISDIR(st.st_mode)) {
        *ret_why = arena_printf(a, "%s is not a folder", path);
        return ERR_IO;
    }
    return ERR_OK;
}

enum err data_prepare(struct arena *a, const struct config *config, const struct process_user *u,
                      const char **ret_why)
{
    parents_make(a, config->data_dir);
    enum err e = folder_make(a, u, config->data_dir, 0700, ret_why);
    if (e) return e;
    if (access(config->data_dir, R_OK | W_OK | X_OK) != 0) {
        *ret_why = arena_printf(a, "cannot write to the data folder %s: %s", config->data_dir,
                                strerror(errno));
        return ERR_IO;
    }
    const char *blocked = NULL;
    const char *files = data_path(a, config, "files");
    if (!path_reachable(a, u, files, &blocked)) {
        *ret_why = arena_printf(
            a,
            "the system user %s cannot reach the data folder: %s is closed to it (chmod o+x, "
            "or another folder by --data)",
            u->name, blocked);
        return ERR_FORBIDDEN;
    }
    e = folder_make(a, u, files, 0700, ret_why);
    if (!e) e = folder_make(a, u, data_path(a, config, "tmp"), 0700, ret_why);
    if (!e) e = folder_make(a, u, data_path(a, config, "run"), 0750, ret_why);
    if (e) return e;
    unsigned char key[SEAL_KEY_SIZE];
    const char *key_path = data_path(a, config, "seal.key");
    bool fresh = access(key_path, F_OK) != 0;
    e = seal_key_load(key_path, key);
    if (!e && fresh && u->change && chown(key_path, u->uid, u->gid) != 0) e = ERR_IO;
    if (e) {
        *ret_why = e == ERR_FORBIDDEN
                       ? arena_printf(a, "others may read %s: chmod 600 it", key_path)
                       : arena_printf(a, "cannot read or make the key file %s: %s", key_path,
                                      strerror(errno));
        return e;
    }
    struct stat st;
    if (stat(files, &st) == 0 && st.st_uid != u->uid) {
        *ret_why = arena_printf(
            a, "%s belongs to another user than %s, who runs the workers (INTERFLOW_USER chooses)",
            files, u->name);
        return ERR_FORBIDDEN;
    }
    return ERR_OK;
}

enum err data_lock(struct arena *a, const struct config *config, int *ret_fd, bool *ret_unclean,
                   const char **ret_why)
{
    const char *path = data_path(a, config, "lock");
    CLEANUP(fd_closep) int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (fd < 0) {
        *ret_why = arena_printf(a, "cannot write to the data folder %s: %s", config->data_dir,
                                strerror(errno));
        return ERR_IO;
    }
    bool free = flock(fd, LOCK_EX | LOCK_NB) == 0;
    char pid[16] = "";
    ssize_t n = pread(fd, pid, sizeof pid - 1, 0);
    pid[n > 0 ? n : 0] = '\0';
    pid[strcspn(pid, "\n")] = '\0';
    if (!free) {
        *ret_why = arena_printf(a, "the data folder %s is in use by another interflow%s%s",
                                config->data_dir, pid[0] ? ", process " : "", pid);
        return ERR_CONFLICT;
    }
    char text[16];
    int len = snprintf(text, sizeof text, "%d\n", (int)getpid());
    if (ftruncate(fd, 0) != 0 || pwrite(fd, text, (size_t)len, 0) != len) {
        *ret_why = arena_printf(a, "cannot write to the data folder %s: %s", config->data_dir,
                                strerror(errno));
        return ERR_IO;
    }
    *ret_unclean = pid[0] != '\0';
    *ret_fd = fd;
    fd = -1;
    return ERR_OK;
}

void data_unlock(int fd)
{
    if (fd < 0) return;
    (void)!ftruncate(fd, 0); /* not done: the next program only waits a little longer */
    close(fd);
}

void data_tmp_clean(struct arena *a, const struct config *config)
{
    const char *path = data_path(a, config, "tmp");
    DIR *d = opendir(path);
    for (struct dirent *e = d ? readdir(d) : NULL; e; e = readdir(d))
        if (e->d_type == DT_REG) (void)unlinkat(dirfd(d), e->d_name, 0);
    if (d) closedir(d);
}
