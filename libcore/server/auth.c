#include "server/auth.h"

#include <pthread.h>
#include <stdlib.h>
#include <strings.h>

#include "base/mem.h"
#include "http/digest.h"
#include "json/json.h"
#include "server/config_changes.h"
#include "server/passwords.h"
#include "server/route.h"

enum { CREDENTIALS_MAX = 1024 };

struct auth {
	struct passwords *passwords;
	pthread_mutex_t lock; /* the next */
	struct config_auth *users;
};

/* '*' stands for any bytes, '?' for one. Linear but for one step back to the last star. */
static bool glob_matches(const char *glob, struct bytes text)
{
	const char *star = NULL;
	size_t i = 0, back = 0;

	while (i < text.n) {
		if (*glob == '*') {
			star = glob++;
			back = i;
		} else if (*glob && (*glob == '?' || *glob == text.p[i])) {
			glob++;
			i++;
		} else if (star) {
			glob = star + 1;
			i = ++back;
		} else {
			return false;
		}
	}
	while (*glob == '*')
		glob++;
	return !*glob;
}

/* --- the other kinds of secrets --- */

static const struct config_user *find_certificate(const struct config_auth *users,
						  struct bytes name)
{
	for (size_t i = 0; name.n && i < users->n_users; i++) {
		const struct config_user *u = &users->user[i];

		if (u->kind == USER_CERTIFICATE && glob_matches(u->name, name))
			return u;
	}
	return NULL;
}

/* All are compared, whichever it is. */
static const struct config_user *find_token(const struct config_auth *users, struct bytes token)
{
	const struct config_user *found = NULL;
	struct digest given, want;
	struct err e;

	if (digest_sha256(token, &given, &e) < 0)
		return NULL;
	for (size_t i = 0; i < users->n_users; i++) {
		const struct config_user *u = &users->user[i];

		if (u->kind == USER_TOKEN &&
		    digest_parse(bytes_sub(bytes_str(u->secret), sizeof("sha256:") - 1, SIZE_MAX),
				 &want) &&
		    digest_equal(&given, &want))
			found = u;
	}
	return found;
}

/* --- the users in force --- */

int auth_open(struct config_auth *users, struct auth **ret, struct err *e)
{
	struct auth *a = mem_alloc(sizeof(*a));

	if (passwords_open(users, &a->passwords, e) < 0) {
		free(a);
		return -1;
	}
	a->users = config_auth_hold(users);
	pthread_mutex_init(&a->lock, NULL);
	*ret = a;
	return 0;
}

void auth_stop(struct auth *a)
{
	if (a)
		passwords_stop(a->passwords);
}

void auth_close(struct auth *a)
{
	if (!a)
		return;
	passwords_close(a->passwords);
	pthread_mutex_destroy(&a->lock);
	config_auth_drop(a->users);
	free(a);
}

int auth_change(struct auth *a, struct config_auth *users, struct err *e)
{
	struct config_auth *old;

	pthread_mutex_lock(&a->lock);
	old = a->users;
	if (old->n_users && !users->n_users) {
		pthread_mutex_unlock(&a->lock);
		return err_set(e, ERR_USAGE,
			       "'auth' is gone, without which everybody may do everything: that "
			       "needs another start");
	}
	a->users = config_auth_hold(users);
	passwords_change(a->passwords, users);
	pthread_mutex_unlock(&a->lock);
	config_auth_drop(old);
	return 0;
}

static struct config_auth *hold_users(struct auth *a)
{
	struct config_auth *ret;

	pthread_mutex_lock(&a->lock);
	ret = config_auth_hold(a->users);
	pthread_mutex_unlock(&a->lock);
	return ret;
}

bool auth_stays(struct auth *a, struct config_auth **held, const struct config_user **who)
{
	struct config_auth *users = hold_users(a);
	bool stays = users == *held || config_user_stays(*who, users, who);

	config_auth_drop(stays ? *held : users);
	if (stays)
		*held = users;
	return stays;
}

/* --- a call --- */

/* "Basic dXNlcjpwYXNz" of the header, decoded into out with a NUL behind. */
static int basic_of(struct bytes header, struct buf *out, struct err *e)
{
	struct bytes text = bytes_trim(bytes_sub(header, sizeof("Basic") - 1, SIZE_MAX));

	if (text.n > CREDENTIALS_MAX || !base64_decode(text, out) ||
	    !memchr(buf_str(out), ':', out->n) || memchr(out->p, '\0', out->n))
		return err_set(e, ERR_USAGE, "Authorization: not what Basic has");
	return 0;
}

static bool has_scheme(struct bytes header, const char *scheme)
{
	size_t n = strlen(scheme);

	return header.n > n && strncasecmp(header.p, scheme, n) == 0 && header.p[n] == ' ';
}

static enum auth_verdict identify_basic(struct auth *a, struct call *c, struct bytes header,
					struct err *e)
{
	enum auth_verdict ret = AUTH_REFUSED;
	struct buf given = { 0 };

	if (basic_of(header, &given, e) == 0) {
		struct bytes rest = buf_bytes(&given), name;

		if (bytes_split(&rest, ':', &name))
			c->claimed = arena_copy(&c->arena, name);
		err_set(e, ERR_USAGE, "wrong user or password");
		if (!passwords_recall(a->passwords, c->auth, buf_bytes(&given), &c->who))
			ret = AUTH_LATER;
		else if (c->who)
			ret = AUTH_KNOWN;
	}
	if (given.cap)
		explicit_bzero(given.p, given.cap);
	buf_release(&given);
	return ret;
}

enum auth_verdict auth_identify(struct auth *a, struct call *c, struct err *e)
{
	struct bytes header = http_header(c->http, "Authorization");

	c->auth = hold_users(a);
	if (!c->auth->n_users)
		return AUTH_KNOWN;
	c->who = find_certificate(c->auth, http_cert_name(c->http));
	if (c->who)
		return AUTH_KNOWN;
	if (header.n == 0) {
		err_set(e, ERR_USAGE, "%s: expected Authorization: Basic or Bearer",
			http_cert_name(c->http).n ? "the certificate is nobody's here"
						  : "nobody is named");
		return AUTH_REFUSED;
	}
	if (http_header_count(c->http, "Authorization") > 1) {
		err_set(e, ERR_USAGE, "Authorization is given more than once");
		return AUTH_REFUSED;
	}
	if (has_scheme(header, "Basic"))
		return identify_basic(a, c, header, e);
	if (has_scheme(header, "Bearer")) {
		c->who = find_token(c->auth,
				    bytes_trim(bytes_sub(header, sizeof("Bearer"), SIZE_MAX)));
		err_set(e, ERR_USAGE, "wrong token");
		return c->who ? AUTH_KNOWN : AUTH_REFUSED;
	}
	err_set(e, ERR_USAGE, "Authorization: expected Basic or Bearer");
	return AUTH_REFUSED;
}

void auth_check(struct auth *a, struct call *c, void (*done)(struct call *c, const struct err *why))
{
	struct buf given = { 0 };
	struct err e;

	if (basic_of(http_header(c->http, "Authorization"), &given, &e) < 0)
		buf_release(&given);
	else if (passwords_check(a->passwords, given.p, http_peer_net(c->http), c, done, &e) == 0)
		return;
	done(c, &e);
}

/* --- what may be done --- */

static enum config_may may_of(enum route_needs needs)
{
	switch (needs) {
	case ROUTE_WRITE:
		return MAY_WRITE;
	case ROUTE_DELETE:
		return MAY_DELETE;
	case ROUTE_ADMIN:
		return MAY_ADMIN;
	case ROUTE_OPEN:
	case ROUTE_READ:
		break;
	}
	return MAY_READ;
}

/* The first of the user's roles that allows it in the tenant. */
static const struct config_role *role_for(const struct config_user *u, enum config_may may,
					  struct bytes tenant)
{
	for (size_t i = 0; i < u->n_roles; i++) {
		const struct key_names *globs = &u->role[i]->tenants[may];

		for (size_t k = 0; k < globs->n; k++)
			if (glob_matches(globs->name[k], tenant))
				return u->role[i];
	}
	return NULL;
}

/* Of what is of no tenant. What is asked of the daemon itself concerns all of them; the rest tells
 * nothing of any, so that who may do it in one may. */
static bool is_allowed_without_tenant(const struct config_user *u, enum config_may may)
{
	for (size_t i = 0; i < u->n_roles; i++) {
		const struct key_names *globs = &u->role[i]->tenants[may];

		for (size_t k = 0; k < globs->n; k++)
			if (may != MAY_ADMIN || config_is_every_tenant(globs->name[k]))
				return true;
	}
	return false;
}

static const char *verb_of(enum config_may may)
{
	static const char *const verbs[] = { "read", "write", "delete", "administer" };

	return verbs[may];
}

static int allow_without_tenant(const struct call *c, enum config_may may, struct err *e)
{
	if (is_allowed_without_tenant(c->who, may))
		return 0;
	return err_set(e, ERR_USAGE, "user '%s' may not %s %s", c->who->name, verb_of(may),
		       may == MAY_ADMIN ? "the daemon" : "any tenant");
}

int auth_allow(struct call *c, struct err *e)
{
	enum config_may may = may_of(c->route->needs);
	const struct config_role *first = NULL;
	struct bytes rest = c->tenant, tenant;

	if (!c->who || c->route->needs == ROUTE_OPEN)
		return 0;
	if (c->route->asked & ROUTE_NO_TENANT)
		return allow_without_tenant(c, may, e);
	while (bytes_split(&rest, '|', &tenant)) {
		const struct config_role *role = role_for(c->who, may, tenant);

		if (!role)
			return err_set(e, ERR_USAGE, "user '%s' may not %s tenant '%.*s'",
				       c->who->name, verb_of(may), BYTES_ARG(tenant));
		if (first && !bytes_eq(first->matchers, role->matchers))
			return err_set(e, ERR_USAGE,
				       "user '%s' may see different streams in these tenants: "
				       "ask for each alone",
				       c->who->name);
		first = role;
	}
	c->matchers = first ? first->matchers : (struct bytes){ 0 };
	return 0;
}
