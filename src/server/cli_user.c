/* `interflow user add` and `interflow user passwd`: the way in when there is no other. Whoever may
 * run this may read the whole database anyway, so nothing is asked but what must be written.
 * Running servers learn of it by events. */
#include <stdio.h>
#include <string.h>

#include "auth/auth.h"
#include "base/crypto.h"
#include "base/json.h"
#include "core/field_text.h"
#include "server/cli.h"
#include "sql.h"

#define PASSWORD_BYTES 12 /* of a password that we make: 16 characters */

struct user_call {
    bool add;
    const char *email, *name, *organization, *role, *language;
    const char *password;
    bool made; /* the password is ours: say it */
    bool drop_totp;
};

/* What went wrong, in words for a terminal. */
static int failed(const struct ctx *c, enum err e)
{
    const char *code = c->fault.code ? c->fault.code : err_row(e)->code;
    if (strcmp(code, "ALREADY_MEMBER") == 0)
        return cli_fail("this person is a member of that organization already");
    if (strcmp(code, "ORGANIZATION_AMBIGUOUS") == 0)
        return cli_fail("there are several organizations of that name: give the id instead");
    return cli_fail("%s (%s)", c->fault.message ? c->fault.message : err_row(e)->text, code);
}

static void say_password(const struct user_call *u)
{
    if (u->made) printf("password: %s\n", u->password);
}

static int add(struct ctx *c, const struct user_call *u, const char *hash)
{
    const char *text = NULL;
    enum err e =
        db_json(c, &SQL_AUTH_CLI_USER_ADD,
                PARAMS(P_TEXT("email", u->email), P_TEXT("name", u->name),
                       P_TEXT("password_hash", hash), P_TEXT("organization", u->organization),
                       P_TEXT("role", u->role), P_TEXT("language", u->language)),
                &text);
    if (e) return failed(c, e);
    CLEANUP(json_decrefp) json_t *j = json_loads(text, 0, NULL);
    printf("organization: %s%s\n", json_get_text(j, "organizationId"),
           json_get_bool(j, "organizationCreated", false) ? " (new)" : "");
    printf("user: %s\n", json_get_text(j, "userId"));
    if (json_get_bool(j, "created", false))
        say_password(u);
    else
        printf("%s had an account already: the password is the old one\n", u->email);
    return 0;
}

static int passwd(struct ctx *c, const struct user_call *u, const char *hash)
{
    struct rows *rows = NULL;
    enum err e = db_one(c, &SQL_AUTH_CLI_PASSWD,
                        PARAMS(P_TEXT("email", u->email), P_TEXT("password_hash", hash),
                               P_BOOL("drop_totp", u->drop_totp)),
                        &rows);
    if (e) return failed(c, e);
    if (!rows_bool(rows, 0, "found")) return cli_fail("there is no user %s", u->email);
    say_password(u);
    return 0;
}

static int run(struct ctx *c, void *arg)
{
    struct user_call *u = arg;
    const char *hash = NULL;
    if (!u->password) {
        u->password = crypto_token(c->arena, PASSWORD_BYTES);
        u->made = true;
    }
    enum err e = password_make(c, u->password, &hash);
    if (e) return failed(c, e);
    return u->add ? add(c, u, hash) : passwd(c, u, hash);
}

/* One line of standard input, without its end. NULL: none, or a password that we do not take
 * (said). */
static const char *read_password(struct arena *a, const char *email)
{
    char line[256] = "";
    const char *code = NULL;
    const char *why = NULL;
    if (!fgets(line, sizeof line, stdin)) {
        cli_fail("no password on standard input");
        return NULL;
    }
    line[strcspn(line, "\r\n")] = '\0';
    if (!text_valid(line, strlen(line)) || !password_acceptable(line, email, &code, &why)) {
        cli_fail("this password is not accepted: %s", why ? why : "it is not valid UTF-8");
        return NULL;
    }
    return arena_strdup(a, line);
}

static int check_call(const struct user_call *u)
{
    if (!field_email(u->email)) return cli_wrong("user", "%s is no e-mail address", u->email);
    if (!u->add) return 0;
    if (!u->organization || !*u->organization)
        return cli_wrong("user", "user add: --organization is needed");
    if (!field_choice("owner|admin|manager|agent", u->role, strlen(u->role)))
        return cli_wrong("user", "the role must be owner, admin, manager or agent");
    if (!field_choice("pt|es|en", u->language, strlen(u->language)))
        return cli_wrong("user", "the language must be pt, es or en");
    if (text_length(u->name) < 1 || text_length(u->name) > 120 ||
        text_length(u->organization) > 120)
        return cli_wrong("user", "names have 1 to 120 characters");
    return 0;
}

int cli_user(int argc, char **argv)
{
    CLEANUP(arena_freep) struct arena *a = arena_new(MIB);
    struct user_call u = {0};
    struct config config;
    const char *role = cli_option(&argc, argv, "--role");
    const char *language = cli_option(&argc, argv, "--language");
    const char *name = cli_option(&argc, argv, "--name");
    u.organization = cli_option(&argc, argv, "--organization");
    u.drop_totp = cli_switch(&argc, argv, "--drop-totp");
    bool from_stdin = cli_switch(&argc, argv, "--password-stdin");
    int status = cli_config("user", a, &argc, argv, 2, &config);
    if (status) return status;
    u.add = strcmp(argv[0], "add") == 0;
    if (!u.add && strcmp(argv[0], "passwd") != 0)
        return cli_wrong("user", "there is no command 'user %s'", argv[0]);
    char *email = arena_strdup(a, argv[1]);
    field_lower(email, strlen(email));
    u.email = email;
    u.name = name ? name : arena_strndup(a, email, strcspn(email, "@"));
    u.role = role ? role : "agent";
    u.language = language ? language : "pt";
    status = check_call(&u);
    if (status) return status;
    if (from_stdin) {
        u.password = read_password(a, u.email);
        if (!u.password) return 1;
    }
    return cli_run_app(&config, run, &u);
}
