#include "server/auth.h"

#include <crypt.h>
#include <pthread.h>
#include <stdlib.h>
#include <strings.h>

#include "base/mem.h"
#include "http/digest.h"
#include "json/json.h"
#include "server/config_changes.h"
#include "server/route.h"
#include "time/time.h"

enum {
	WAITING_MAX = 64,  /* calls whose passwords are to be checked */
	REMEMBERED = 1024, /* outcomes, by a hash of what was given */
	REMEMBER_S = 300,
	REMEMBER_WRONG_S = 10,
	CREDENTIALS_MAX = 1024,
};

/* What was found out about a name and a password. */
struct outcome {
	struct digest given;
	const struct config_user *user; /* NULL: wrong */
	int64_t until_ns;		/* of time_mono_ns */
};

struct check {
	struct call *call;
	char *given; /* "name:password", owned, wiped */
	void (*done)(struct call *c, enum auth_verdict v, const struct err *e);
	struct check *next;
};

struct auth {
	struct digest key;
	pthread_t thread;
	pthread_mutex_t lock; /* all below */
	struct config_auth *users;
	pthread_cond_t more;
	struct check *first, **last;
	size_t n_waiting;
	bool stop;
	struct outcome outcome[REMEMBERED];
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

/* --- what was found before --- */

static size_t place_of(const struct digest *d)
{
	size_t n;

	memcpy(&n, d->b, sizeof(n));
	return n % REMEMBERED;
}

/* True when it is known of these users; *ret is NULL for a wrong one. */
static bool recall(struct auth *a, const struct config_auth *users, const struct digest *given,
		   const struct config_user **ret)
{
	const struct outcome *o = &a->outcome[place_of(given)];
	bool known;

	pthread_mutex_lock(&a->lock);
	known = users == a->users && o->until_ns > time_mono_ns() && digest_equal(&o->given, given);
	if (known)
		*ret = o->user;
	pthread_mutex_unlock(&a->lock);
	return known;
}

static void remember(struct auth *a, const struct config_auth *users, const struct digest *given,
		     const struct config_user *user)
{
	struct outcome *o = &a->outcome[place_of(given)];

	pthread_mutex_lock(&a->lock);
	if (users == a->users)
		*o = (struct outcome){ *given, user,
				       time_mono_ns() +
					       (user ? REMEMBER_S : REMEMBER_WRONG_S) * NS_PER_S };
	pthread_mutex_unlock(&a->lock);
}

/* --- the three kinds of secrets --- */

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

/* Takes its time. A name that nobody has takes as long as one that somebody has. */
static const struct config_user *check_password(const struct config_auth *users, const char *given)
{
	const char *colon = strchr(given, ':');
	const struct config_user *found = NULL, *any = NULL;
	struct crypt_data *data = mem_alloc(sizeof(*data));
	const char *hash;

	for (size_t i = 0; i < users->n_users; i++) {
		const struct config_user *u = &users->user[i];

		if (u->kind != USER_PASSWORD)
			continue;
		any = u;
		if (bytes_is(bytes_of(given, (size_t)(colon - given)), u->name))
			found = u;
	}
	if (any) {
		hash = crypt_rn(colon + 1, (found ? found : any)->secret, data, (int)sizeof(*data));
		if (!hash || hash[0] == '*' || !found || strlen(hash) != strlen(found->secret) ||
		    !bytes_eq_secret(bytes_str(hash), bytes_str(found->secret)))
			found = NULL;
	}
	explicit_bzero(data, sizeof(*data));
	free(data);
	return found;
}

/* --- the thread --- */

/* The users in force, for this call. */
static void hold_users(struct auth *a, struct call *c)
{
	config_auth_drop(c->auth);
	pthread_mutex_lock(&a->lock);
	c->auth = config_auth_hold(a->users);
	pthread_mutex_unlock(&a->lock);
}

static void finish(struct auth *a, struct check *k)
{
	struct call *c = k->call;
	struct digest given;
	struct err e, why;

	hold_users(a, c); /* they may have changed while it waited */
	c->who = check_password(c->auth, k->given);
	if (digest_keyed(&a->key, bytes_str(k->given), &given, &e) == 0)
		remember(a, c->auth, &given, c->who);
	err_set(&why, ERR_USAGE, "wrong user or password");
	k->done(c, c->who ? AUTH_KNOWN : AUTH_REFUSED, &why);
}

static void free_check(struct check *k)
{
	explicit_bzero(k->given, strlen(k->given));
	free(k->given);
	free(k);
}

#define STOPPING "the daemon is stopping"

static void *check_all(void *data)
{
	struct auth *a = data;
	struct err e;

	err_set(&e, ERR_AGAIN, STOPPING);
	pthread_mutex_lock(&a->lock);
	while (a->first || !a->stop) {
		struct check *k = a->first;
		bool stop = a->stop;

		if (!k) {
			pthread_cond_wait(&a->more, &a->lock);
			continue;
		}
		a->first = k->next;
		if (!a->first)
			a->last = &a->first;
		a->n_waiting--;
		pthread_mutex_unlock(&a->lock);
		if (stop)
			k->done(k->call, AUTH_REFUSED, &e);
		else
			finish(a, k);
		free_check(k);
		pthread_mutex_lock(&a->lock);
	}
	pthread_mutex_unlock(&a->lock);
	return NULL;
}

int auth_open(struct config_auth *users, struct auth **ret, struct err *e)
{
	struct auth *a = mem_alloc(sizeof(*a));

	*a = (struct auth){ .users = users };
	a->last = &a->first;
	if (digest_random(&a->key, e) < 0) {
		free(a);
		return -1;
	}
	pthread_mutex_init(&a->lock, NULL);
	pthread_cond_init(&a->more, NULL);
	if (pthread_create(&a->thread, NULL, check_all, a) != 0) {
		free(a);
		return err_set(e, ERR_IO, "no thread for passwords");
	}
	config_auth_hold(users);
	*ret = a;
	return 0;
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
	memset(a->outcome, 0, sizeof(a->outcome));
	pthread_mutex_unlock(&a->lock);
	config_auth_drop(old);
	return 0;
}

bool auth_stays(struct auth *a, struct config_auth **held, const struct config_user **who)
{
	struct config_auth *users = NULL;
	bool stays;

	pthread_mutex_lock(&a->lock);
	if (a->users != *held)
		users = config_auth_hold(a->users);
	pthread_mutex_unlock(&a->lock);
	if (!users)
		return true;
	stays = config_user_stays(*who, users, who);
	if (stays) {
		config_auth_drop(*held);
		*held = users;
	} else {
		config_auth_drop(users);
	}
	return stays;
}

void auth_stop(struct auth *a)
{
	bool again;

	if (!a)
		return;
	pthread_mutex_lock(&a->lock);
	again = a->stop;
	a->stop = true;
	pthread_cond_signal(&a->more);
	pthread_mutex_unlock(&a->lock);
	if (!again)
		pthread_join(a->thread, NULL);
}

void auth_close(struct auth *a)
{
	if (!a)
		return;
	auth_stop(a);
	pthread_cond_destroy(&a->more);
	pthread_mutex_destroy(&a->lock);
	explicit_bzero(&a->key, sizeof(a->key));
	config_auth_drop(a->users);
	free(a);
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
	struct digest d;

	if (basic_of(header, &given, e) == 0 &&
	    digest_keyed(&a->key, buf_bytes(&given), &d, e) == 0) {
		struct bytes rest = buf_bytes(&given), name;

		if (bytes_split(&rest, ':', &name))
			c->claimed = arena_copy(&c->arena, name);
		err_set(e, ERR_USAGE, "wrong user or password");
		if (!recall(a, c->auth, &d, &c->who))
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

	hold_users(a, c);
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

void auth_check(struct auth *a, struct call *c,
		void (*done)(struct call *c, enum auth_verdict v, const struct err *e))
{
	struct check *k = NULL;
	struct buf given = { 0 };
	struct err e;

	if (basic_of(http_header(c->http, "Authorization"), &given, &e) == 0) {
		k = mem_alloc(sizeof(*k));
		*k = (struct check){ c, given.p, done, NULL };
		pthread_mutex_lock(&a->lock);
		if (a->n_waiting < WAITING_MAX && !a->stop) {
			a->n_waiting++;
			*a->last = k;
			a->last = &k->next;
			pthread_cond_signal(&a->more);
			pthread_mutex_unlock(&a->lock);
			return;
		}
		if (a->stop)
			err_set(&e, ERR_AGAIN, STOPPING);
		else
			err_set(&e, ERR_AGAIN, "%d passwords are being checked", WAITING_MAX);
		pthread_mutex_unlock(&a->lock);
		free_check(k);
	} else {
		buf_release(&given);
	}
	done(c, AUTH_REFUSED, &e);
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

static const char *verb_of(enum config_may may)
{
	static const char *const verbs[] = { "read", "write", "delete", "administer" };

	return verbs[may];
}

int auth_allow(struct call *c, struct err *e)
{
	enum config_may may = may_of(c->route->needs);
	struct bytes rest = c->n_tenants ? c->tenant : BYTES_LIT("*"), tenant;
	const struct config_role *first = NULL;

	if (!c->who || c->route->needs == ROUTE_OPEN)
		return 0;
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
