/* A tree of path segments. Each node has its named children, sorted for binary search, one child
 * for a parameter ({tagId}), and the rows that end there, by method; a node may also hold rows
 * that take the whole rest ({path*}).
 *
 * Preference: a named segment before a parameter before the rest. When the preferred branch has
 * no row for the method the next is tried, so that PUT /tags/{tagId} works beside GET
 * /tags/search. The rest is tried only where no named child has the segment: an unknown address
 * below /api is never answered by the page that catches all. */
#include "core/route_tree.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

struct child {
    const char *name; /* inside the row's path */
    size_t len;
    struct node *node;
};

struct node {
    struct child *named;
    size_t named_count;
    struct node *param;
    const struct route *rows[HTTP_METHOD_COUNT];
    const struct route *rest[HTTP_METHOD_COUNT];
};

struct route_tree {
    struct node root;
};

struct route_tree *route_tree_new(void)
{
    return mem_alloc(sizeof(struct route_tree));
}

static void node_clear(struct node *n)
{
    for (size_t i = 0; i < n->named_count; i++) {
        node_clear(n->named[i].node);
        mem_free(n->named[i].node);
    }
    mem_free(n->named);
    if (n->param) node_clear(n->param);
    mem_free(n->param);
}

void route_tree_free(struct route_tree *t)
{
    if (!t) return;
    node_clear(&t->root);
    mem_free(t);
}

static int compare(const char *a, size_t a_len, const char *b, size_t b_len)
{
    int order = memcmp(a, b, a_len < b_len ? a_len : b_len);
    return order ? order : (a_len > b_len) - (a_len < b_len);
}

/* Where name is, or would be: *ret_found says which. */
static size_t child_place(const struct node *n, const char *name, size_t len, bool *ret_found)
{
    size_t low = 0;
    size_t high = n->named_count;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        int order = compare(n->named[mid].name, n->named[mid].len, name, len);
        if (order == 0) {
            *ret_found = true;
            return mid;
        }
        if (order < 0)
            low = mid + 1;
        else
            high = mid;
    }
    *ret_found = false;
    return low;
}

static struct node *child_named(const struct node *n, const char *name, size_t len)
{
    bool found = false;
    size_t at = child_place(n, name, len, &found);
    return found ? n->named[at].node : NULL;
}

static struct node *child_make(struct node *n, const char *name, size_t len)
{
    bool found = false;
    size_t at = child_place(n, name, len, &found);
    if (found) return n->named[at].node;
    n->named = mem_realloc(n->named, (n->named_count + 1) * sizeof *n->named);
    memmove(n->named + at + 1, n->named + at, (n->named_count - at) * sizeof *n->named);
    n->named_count++;
    n->named[at] = (struct child){name, len, mem_alloc(sizeof(struct node))};
    return n->named[at].node;
}

bool route_tree_add(struct route_tree *t, const struct route *r)
{
    struct node *n = &t->root;
    const char *p = r->path;
    int params = 0;
    while (*p == '/' && p[1]) {
        const char *name = p + 1;
        size_t len = strcspn(name, "/");
        p = name + len;
        if (name[0] != '{') {
            n = child_make(n, name, len);
            continue;
        }
        if (++params > ROUTE_PARAMS_MAX) return false;
        if (len > 3 && name[len - 2] == '*') {
            if (n->rest[r->method] || *p) return false;
            n->rest[r->method] = r;
            return true;
        }
        if (!n->param) n->param = mem_alloc(sizeof(struct node));
        n = n->param;
    }
    if (n->rows[r->method]) return false;
    n->rows[r->method] = r;
    return true;
}

/* Take the row of the method, or remember which methods there are. */
static bool take(const struct route *const rows[HTTP_METHOD_COUNT], enum http_method method,
                 struct route_match *m)
{
    for (int i = 0; i < HTTP_METHOD_COUNT; i++)
        if (rows[i]) m->allowed |= 1u << i;
    m->route = rows[method];
    return m->route != NULL;
}

/* rest: what is left of the path, "" or "/…". The depth is that of the tree, not of the path. */
static bool match(const struct node *n, enum http_method method, const char *rest,
                  struct route_match *m)
{
    if (*rest == '\0') return take(n->rows, method, m);
    const char *name = rest + 1;
    size_t len = strcspn(name, "/");
    const struct node *named = child_named(n, name, len);
    if (named && match(named, method, name + len, m)) return true;
    if (n->param && len > 0 && m->param_count < ROUTE_PARAMS_MAX) {
        m->params[m->param_count++] = (struct bytes){(const unsigned char *)name, len};
        if (match(n->param, method, name + len, m)) return true;
        m->param_count--;
    }
    if (named || m->param_count >= ROUTE_PARAMS_MAX) return false;
    uint32_t before = m->allowed;
    if (!take(n->rest, method, m)) {
        if (before) m->allowed = before;
        return false;
    }
    m->params[m->param_count++] = (struct bytes){(const unsigned char *)name, strlen(name)};
    return true;
}

void route_tree_match(const struct route_tree *t, enum http_method method, const char *path,
                      struct route_match *ret_match)
{
    *ret_match = (struct route_match){0};
    (void)match(&t->root, method, path[0] == '/' && path[1] == '\0' ? "" : path, ret_match);
}

bool route_param_next(const char **pos, const char **ret_name, size_t *ret_len)
{
    const char *open = strchr(*pos, '{');
    if (!open) return false;
    size_t len = strcspn(open + 1, "*}");
    *ret_name = open + 1;
    *ret_len = len;
    *pos = open + 1 + len;
    return true;
}
