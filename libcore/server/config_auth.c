/*
 * `auth`:
 *
 *	auth:
 *	  roles:
 *	    grafana: {read: "*"}
 *	    team-a: {read: [shared], matchers: '{team="a"}'}
 *	  users:
 *	    alice: {password: "$y$...", roles: [grafana], tenant: ops}
 *	  tokens:
 *	    agent-1: {token: "sha256:...", roles: [agent]}
 *	  certificates:
 *	    "agent-*": {roles: [agent], tenant: ops}
 *
 * A password or token may be `file:PATH` or `env:NAME`, where it then lies, hashed too.
 */
#include <crypt.h>
#include <stdlib.h>

#include "base/io.h"
#include "labels/labels.h"
#include "logql/selector.h"
#include "server/config_parts.h"

enum { SECRET_MAX = 4096, SHA256_HEX = 64, USERS_MAX = 10000 };

static const char *const may_words[MAY_COUNT] = { "read", "write", "delete", "admin" };

struct reader {
	struct config_auth *auth;
	struct report *report;
	const struct yaml_node *roles;
};

static const char *keep(struct reader *r, struct bytes text)
{
	struct buf b = { 0 };
	const char *ret;

	buf_add_bytes(&b, text);
	buf_str(&b);
	ret = arena_copy(&r->auth->arena, bytes_of(b.p, b.n + 1)).p;
	explicit_bzero(b.p, b.n);
	buf_release(&b);
	return ret;
}

/* A map, or nothing; says what it is not. */
static bool is_map(struct reader *r, const struct yaml_node *n, const char *what)
{
	if (!n || yaml_is_null(n))
		return false;
	if (n->kind == YAML_MAP)
		return true;
	report_error_at(r->report, n, "'%s': expected a map", what);
	return false;
}

static bool is_among(struct bytes word, const char *const *words, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (bytes_is(word, words[i]))
			return true;
	return false;
}

/* Says which keys are none of these. */
static void check_keys(struct reader *r, const struct yaml_node *map, const char *const *words,
		       size_t n)
{
	struct buf all = { 0 };

	for (size_t i = 0; i < n; i++)
		buf_addf(&all, "%s%s", i == 0 ? "" : i + 1 < n ? ", " : " or ", words[i]);
	for (uint32_t i = 0; i < map->n; i++)
		if (!is_among(map->pair[i].key->text, words, n))
			report_error_at(r->report, map->pair[i].key,
					"'%.*s' is not a key of 'auth': expected %s",
					BYTES_ARG(map->pair[i].key->text), buf_str(&all));
	buf_release(&all);
}

static void check_matchers(struct reader *r, const struct yaml_node *at)
{
	struct arena a = { 0 };
	struct matcher *m;
	size_t n;
	struct err e;

	if (logql_matchers(at->text, LOGQL_ANY_SELECTOR, &a, &m, &n, &e) < 0) {
		report_error_at(r->report, at, "'matchers': %s", e.msg);
	} else {
		for (size_t i = 0; i < n; i++)
			matcher_release(&m[i]);
		if (n == 0)
			report_error_at(
				r->report, at,
				"'matchers': expected a selector as {team=\"a\"}, found none");
	}
	arena_release(&a);
}

bool config_is_every_tenant(const char *glob)
{
	return *glob && glob[strspn(glob, "*")] == '\0';
}

static void warn_admin(struct reader *r, const struct yaml_node *at, const struct config_role *role)
{
	const struct key_names *globs = &role->tenants[MAY_ADMIN];

	for (size_t i = 0; i < globs->n; i++)
		if (!config_is_every_tenant(globs->name[i]))
			report_say(r->report, REPORT_WARNING, at,
				   "'admin' of '%s': '%s' has no effect: it is about the daemon, "
				   "which is all tenants': expected '*'",
				   role->name, globs->name[i]);
}

static void read_role(struct reader *r, const struct yaml_pair *p, struct config_role *role)
{
	static const char *const words[] = { "read", "write", "delete", "admin", "matchers" };
	const struct yaml_node *matchers;
	struct err e;

	role->name = keep(r, p->key->text);
	if (!is_map(r, p->value, role->name))
		return;
	check_keys(r, p->value, words, sizeof(words) / sizeof(*words));
	for (size_t may = 0; may < MAY_COUNT; may++) {
		const struct yaml_node *v = yaml_get(p->value, may_words[may]);

		if (v && key_read_names(v, &r->auth->arena, &role->tenants[may], &e) < 0)
			report_error(r->report, &e);
		else if (v && may == MAY_ADMIN)
			warn_admin(r, v, role);
	}
	matchers = yaml_get(p->value, "matchers");
	if (!matchers)
		return;
	if (matchers->kind != YAML_SCALAR) {
		report_error_at(r->report, matchers,
				"'matchers': expected a selector as {team=\"a\"}");
		return;
	}
	check_matchers(r, matchers);
	role->matchers = bytes_str(keep(r, matchers->text));
}

static void read_roles(struct reader *r)
{
	struct config_auth *auth = r->auth;

	if (!is_map(r, r->roles, "roles"))
		return;
	auth->role = arena_zalloc(&r->auth->arena, r->roles->n * sizeof(*auth->role));
	for (; auth->n_roles < r->roles->n; auth->n_roles++)
		read_role(r, &r->roles->pair[auth->n_roles], &auth->role[auth->n_roles]);
}

/* What `file:` and `env:` stand for; NULL and said when there is none. */
static const char *follow(struct reader *r, const struct yaml_node *at)
{
	struct buf b = { 0 };
	const char *ret = NULL, *value;
	struct err e;

	if (bytes_starts(at->text, BYTES_LIT("env:"))) {
		value = getenv(at->text.p + 4);
		if (value && *value)
			return keep(r, bytes_str(value));
		report_error_at(r->report, at, "the variable '%s' is not set", at->text.p + 4);
		return NULL;
	}
	if (!bytes_starts(at->text, BYTES_LIT("file:")))
		return keep(r, at->text);
	if (io_read_file(at->text.p + 5, SECRET_MAX, &b, &e) < 0)
		report_error_at(r->report, at, "%s", e.msg);
	else if (memchr(b.p, '\0', b.n))
		report_error_at(r->report, at, "'%s': it holds a NUL byte", at->text.p + 5);
	else
		ret = keep(r, bytes_trim(buf_bytes(&b)));
	if (b.n)
		explicit_bzero(b.p, b.n);
	buf_release(&b);
	return ret;
}

static bool is_token_hash(const char *text)
{
	static const char start[] = "sha256:";

	return strncmp(text, start, sizeof(start) - 1) == 0 &&
	       strspn(text + sizeof(start) - 1, "0123456789abcdefABCDEF") == SHA256_HEX &&
	       strlen(text) == sizeof(start) - 1 + SHA256_HEX;
}

/* Never prints what it found: it may be the secret. */
static void read_secret(struct reader *r, const struct yaml_pair *p, struct config_user *u)
{
	const char *word = u->kind == USER_PASSWORD ? "password" : "token";
	const struct yaml_node *at = yaml_get(p->value, word);

	if (!at || at->kind != YAML_SCALAR || yaml_is_null(at)) {
		report_error_at(r->report, at ? at : p->key,
				"'%s' of '%s': expected a hash, file:PATH or env:NAME", word,
				u->name);
		return;
	}
	u->secret = follow(r, at);
	if (!u->secret)
		return;
	if (u->kind == USER_PASSWORD && u->secret[0] != '$')
		report_error_at(r->report, at,
				"'password' of '%s': expected a hash as crypt(3) makes it ($y$...)",
				u->name);
	else if (u->kind == USER_PASSWORD && crypt_checksalt(u->secret) == CRYPT_SALT_INVALID)
		report_error_at(r->report, at,
				"'password' of '%s': crypt(3) has no such method of a hash here",
				u->name);
	if (u->kind == USER_TOKEN && !is_token_hash(u->secret))
		report_error_at(r->report, at,
				"'token' of '%s': expected sha256: and 64 hexadecimal digits",
				u->name);
}

static const struct config_role *find_role(const struct reader *r, const char *name)
{
	const struct config_auth *auth = r->auth;

	for (size_t i = 0; i < auth->n_roles; i++)
		if (strcmp(auth->role[i].name, name) == 0)
			return &auth->role[i];
	return NULL;
}

static void read_roles_of(struct reader *r, const struct yaml_pair *p, struct config_user *u)
{
	const struct yaml_node *at = yaml_get(p->value, "roles");
	struct key_names names = { 0 };
	struct err e;

	if (at && key_read_names(at, &r->auth->arena, &names, &e) < 0) {
		report_error(r->report, &e);
		return;
	}
	if (names.n == 0)
		report_error_at(r->report, at ? at : p->key,
				"'%s' has no roles: it could do nothing", u->name);
	u->role = arena_zalloc(&r->auth->arena, names.n * sizeof(*u->role));
	for (size_t i = 0; i < names.n; i++) {
		const struct config_role *role = find_role(r, names.name[i]);

		if (role)
			u->role[u->n_roles++] = role;
		else
			report_error_at(r->report, at, "'%.100s' is not among 'auth.roles'",
					names.name[i]);
	}
}

static void read_tenant(struct reader *r, const struct yaml_pair *p, struct config_user *u)
{
	const struct yaml_node *at = yaml_get(p->value, "tenant");
	struct err e;

	if (!at || yaml_is_null(at))
		return;
	if (at->kind != YAML_SCALAR)
		report_error_at(r->report, at, "'tenant': expected a text");
	else if (labels_check_tenant(at->text, &e) < 0)
		report_error_at(r->report, at, "%s", e.msg);
	else
		u->tenant = keep(r, at->text);
}

static void read_users(struct reader *r, const struct yaml_node *map, enum config_user_kind kind)
{
	static const char *const sections[] = { "users", "tokens", "certificates" };
	static const char *const secrets[] = { "password", "token", NULL };
	struct config_auth *auth = r->auth;

	if (!is_map(r, map, sections[kind]))
		return;
	for (uint32_t i = 0; i < map->n; i++) {
		const char *words[] = { "roles", "tenant", secrets[kind] };
		const struct yaml_pair *p = &map->pair[i];
		struct config_user *u;

		if (!is_map(r, p->value, sections[kind]))
			continue;
		check_keys(r, p->value, words, kind == USER_CERTIFICATE ? 2 : 3);
		u = &auth->user[auth->n_users++];
		u->kind = kind;
		u->name = keep(r, p->key->text);
		if (kind == USER_PASSWORD && memchr(p->key->text.p, ':', p->key->text.n))
			report_error_at(r->report, p->key, "'%s': a name with ':' cannot be sent",
					u->name);
		if (kind != USER_CERTIFICATE)
			read_secret(r, p, u);
		read_roles_of(r, p, u);
		read_tenant(r, p, u);
	}
}

static size_t count(const struct yaml_node *map)
{
	return map && map->kind == YAML_MAP ? map->n : 0;
}

void config_read_auth(const struct yaml_node *auth, struct config *c, struct report *report)
{
	static const char *const words[] = { "roles", "users", "tokens", "certificates" };
	struct reader r = { .auth = c->auth, .report = report };
	const struct yaml_node *users, *tokens, *certificates;
	size_t n;

	if (!is_map(&r, auth, "auth"))
		return;
	check_keys(&r, auth, words, sizeof(words) / sizeof(*words));
	r.roles = yaml_get(auth, "roles");
	users = yaml_get(auth, "users");
	tokens = yaml_get(auth, "tokens");
	certificates = yaml_get(auth, "certificates");
	n = count(users) + count(tokens) + count(certificates);
	if (n > USERS_MAX) {
		report_error_at(r.report, auth, "'auth': more than %d users", USERS_MAX);
		return;
	}
	read_roles(&r);
	c->auth->user = arena_zalloc(&c->auth->arena, n * sizeof(*c->auth->user));
	read_users(&r, users, USER_PASSWORD);
	read_users(&r, tokens, USER_TOKEN);
	read_users(&r, certificates, USER_CERTIFICATE);
	if (n == 0)
		report_error_at(r.report, auth,
				"'auth' names nobody: without it everybody may do everything");
}
