#include "server/passwords.h"

#include <crypt.h>
#include <pthread.h>
#include <stdlib.h>

#include "base/mem.h"
#include "http/digest.h"
#include "time/time.h"

enum {
	WRONG_ONES = 1024, /* remembered, by a hash of what was given */
	WRONG_S = 10,	   /* for so long: who sends one again and again costs nothing */
	NET_MAX = 16,
};

static const char STOPPING[] = "the daemon is stopping";

struct wrong {
	struct digest given;
	int64_t until_ns; /* of time_mono_ns */
};

struct right {
	bool is_known;
	struct digest given;
};

/* Who waits for a check. */
struct waiter {
	struct call *call;
	void (*done)(struct call *c, const struct err *why);
	struct waiter *next;
};

/* Of something given, however many give it. */
struct check {
	struct digest digest;
	char *given;  /* owned, wiped */
	size_t place; /* of its user */
	char net[NET_MAX];
	size_t n_net;
	struct waiter *waiters;
	struct check *sharing; /* by .next: of other names that nobody has, as wrong as it is */
	struct check *next;
};

struct passwords {
	struct digest key; /* nothing is remembered but under it */
	pthread_t thread;
	pthread_mutex_t lock; /* all below */
	pthread_cond_t more;
	struct config_auth *users; /* held */
	struct right *right;	   /* of each of them */
	struct wrong wrong[WRONG_ONES];
	struct check *first, **last; /* the first may be under way */
	size_t n_checks;
	bool stop;
};

/* --- one password --- */

static struct bytes name_of(struct bytes given)
{
	struct bytes name = given;

	bytes_split(&given, ':', &name);
	return name;
}

/* Of the user of that name; n_users when nobody has it. All are compared, whoever it is. */
static size_t place_of(const struct config_auth *users, struct bytes name)
{
	size_t ret = users->n_users;

	for (size_t i = 0; i < users->n_users; i++)
		if (users->user[i].kind == USER_PASSWORD && bytes_is(name, users->user[i].name))
			ret = i;
	return ret;
}

static const struct config_user *any_user(const struct config_auth *users)
{
	for (size_t i = 0; i < users->n_users; i++)
		if (users->user[i].kind == USER_PASSWORD)
			return &users->user[i];
	return NULL;
}

/* Takes its time. A name that nobody has takes as long as one that somebody has. */
static const struct config_user *try_password(const struct config_auth *users, const char *given)
{
	size_t place = place_of(users, name_of(bytes_str(given)));
	const struct config_user *found = place < users->n_users ? &users->user[place] : NULL;
	const struct config_user *tried = found ? found : any_user(users);
	struct crypt_data *data;
	const char *hash;

	if (!tried)
		return NULL;
	data = mem_alloc(sizeof(*data));
	hash = crypt_rn(strchr(given, ':') + 1, tried->secret, data, (int)sizeof(*data));
	if (!hash || hash[0] == '*' || strlen(hash) != strlen(tried->secret) ||
	    !bytes_eq_secret(bytes_str(hash), bytes_str(tried->secret)))
		found = NULL;
	explicit_bzero(data, sizeof(*data));
	free(data);
	return found;
}

/* --- what was found before; p->lock is held --- */

static struct wrong *wrong_place(struct passwords *p, const struct digest *d)
{
	size_t n;

	memcpy(&n, d->b, sizeof(n));
	return &p->wrong[n % WRONG_ONES];
}

static bool recall(struct passwords *p, const struct digest *d, size_t place,
		   const struct config_user **ret)
{
	const struct wrong *w = wrong_place(p, d);

	if (place < p->users->n_users && p->right[place].is_known &&
	    digest_equal(&p->right[place].given, d)) {
		*ret = &p->users->user[place];
		return true;
	}
	if (w->until_ns > time_mono_ns() && digest_equal(&w->given, d)) {
		*ret = NULL;
		return true;
	}
	return false;
}

static void remember(struct passwords *p, const struct check *k, const struct config_user *found)
{
	if (found)
		p->right[k->place] = (struct right){ true, k->digest };
	else
		*wrong_place(p, &k->digest) =
			(struct wrong){ k->digest, time_mono_ns() + WRONG_S * NS_PER_S };
}

/* For users: what is known of those of before whose password is the same. */
static struct right *right_of(const struct passwords *p, const struct config_auth *users)
{
	struct right *ret = mem_alloc((users->n_users + 1) * sizeof(*ret));

	for (size_t i = 0; i < p->users->n_users; i++) {
		const struct config_user *u = &p->users->user[i];
		size_t place =
			p->right[i].is_known ? place_of(users, bytes_str(u->name)) : users->n_users;

		if (place < users->n_users && strcmp(users->user[place].secret, u->secret) == 0)
			ret[place] = p->right[i];
	}
	return ret;
}

/* --- the thread --- */

static void free_check(struct check *k)
{
	explicit_bzero(k->given, strlen(k->given));
	free(k->given);
	free(k);
}

static void tell_waiters(struct check *k, struct config_auth *users,
			 const struct config_user *found, const struct err *why)
{
	struct waiter *next;

	for (struct waiter *w = k->waiters; w; w = next) {
		next = w->next;
		config_auth_drop(w->call->auth);
		w->call->auth = config_auth_hold(users);
		w->call->who = found;
		w->done(w->call, found ? NULL : why);
		free(w);
	}
	free_check(k);
}

static void tell(struct check *k, struct config_auth *users, const struct config_user *found,
		 const struct err *why)
{
	struct check *next;

	/* The name that was checked may be somebody's by now: theirs was not. */
	for (struct check *s = k->sharing; s; s = next) {
		next = s->next;
		tell_waiters(s, users, NULL, why);
	}
	tell_waiters(k, users, found, why);
}

/* p->lock is held, and let go meanwhile. False: users have changed, it is to be checked anew. */
static bool check(struct passwords *p, const struct check *k, const struct config_auth *users,
		  const struct config_user **ret)
{
	const struct config_user *found;

	/* Somebody else's with the same was under way when this one was put in. */
	if (recall(p, &k->digest, k->place, ret))
		return true;
	pthread_mutex_unlock(&p->lock);
	found = try_password(users, k->given);
	pthread_mutex_lock(&p->lock);
	if (users != p->users)
		return false;
	remember(p, k, found);
	*ret = found;
	return true;
}

/* The first that waits. p->lock is held, and let go meanwhile. */
static void finish_first(struct passwords *p)
{
	struct config_auth *users = config_auth_hold(p->users);
	const struct config_user *found = NULL;
	struct check *k = p->first;
	struct err why;

	if (p->stop)
		err_set(&why, ERR_AGAIN, STOPPING);
	else if (check(p, k, users, &found))
		err_set(&why, ERR_USAGE, "wrong user or password");
	else
		k = NULL;
	if (k) {
		p->first = k->next;
		if (!p->first)
			p->last = &p->first;
		p->n_checks--;
	}
	pthread_mutex_unlock(&p->lock);
	if (k)
		tell(k, users, found, &why);
	config_auth_drop(users);
	pthread_mutex_lock(&p->lock);
}

static void *check_all(void *data)
{
	struct passwords *p = data;

	pthread_mutex_lock(&p->lock);
	while (p->first || !p->stop)
		if (p->first)
			finish_first(p);
		else
			pthread_cond_wait(&p->more, &p->lock);
	pthread_mutex_unlock(&p->lock);
	return NULL;
}

/* --- from outside --- */

int passwords_open(struct config_auth *users, struct passwords **ret, struct err *e)
{
	struct passwords *p = mem_alloc(sizeof(*p));

	p->users = users;
	p->last = &p->first;
	if (digest_random(&p->key, e) < 0) {
		free(p);
		return -1;
	}
	p->right = mem_alloc((users->n_users + 1) * sizeof(*p->right));
	pthread_mutex_init(&p->lock, NULL);
	pthread_cond_init(&p->more, NULL);
	if (pthread_create(&p->thread, NULL, check_all, p) != 0) {
		free(p->right);
		free(p);
		return err_set(e, ERR_IO, "no thread for passwords");
	}
	config_auth_hold(users);
	*ret = p;
	return 0;
}

void passwords_change(struct passwords *p, struct config_auth *users)
{
	struct config_auth *old;
	struct right *right;

	pthread_mutex_lock(&p->lock);
	old = p->users;
	right = right_of(p, users);
	free(p->right);
	p->right = right;
	p->users = config_auth_hold(users);
	memset(p->wrong, 0, sizeof(p->wrong));
	for (struct check *k = p->first; k; k = k->next)
		k->place = place_of(users, name_of(bytes_str(k->given)));
	pthread_mutex_unlock(&p->lock);
	config_auth_drop(old);
}

void passwords_stop(struct passwords *p)
{
	bool again;

	pthread_mutex_lock(&p->lock);
	again = p->stop;
	p->stop = true;
	pthread_cond_signal(&p->more);
	pthread_mutex_unlock(&p->lock);
	if (!again)
		pthread_join(p->thread, NULL);
}

void passwords_close(struct passwords *p)
{
	if (!p)
		return;
	passwords_stop(p);
	pthread_cond_destroy(&p->more);
	pthread_mutex_destroy(&p->lock);
	explicit_bzero(&p->key, sizeof(p->key));
	config_auth_drop(p->users);
	free(p->right);
	free(p);
}

bool passwords_recall(struct passwords *p, const struct config_auth *users, struct bytes given,
		      const struct config_user **ret)
{
	struct digest d;
	struct err e;
	bool known;

	if (digest_keyed(&p->key, given, &d, &e) < 0)
		return false;
	pthread_mutex_lock(&p->lock);
	known = users == p->users && recall(p, &d, place_of(users, name_of(given)), ret);
	pthread_mutex_unlock(&p->lock);
	return known;
}

/* One of the same. */
static struct check *find_check(struct passwords *p, const struct check *more)
{
	for (struct check *k = p->first; k; k = k->next) {
		if (digest_equal(&k->digest, &more->digest))
			return k;
		for (struct check *s = k->sharing; s; s = s->next)
			if (digest_equal(&s->digest, &more->digest))
				return s;
	}
	return NULL;
}

struct places {
	size_t of_user, of_net;
};

static void count_place(const struct check *k, const struct check *more, struct places *n)
{
	if (!bytes_eq(name_of(bytes_str(k->given)), name_of(bytes_str(more->given))))
		return;
	n->of_user++;
	n->of_net += bytes_eq(bytes_of(k->net, k->n_net), bytes_of(more->net, more->n_net));
}

/* Is there room for one more? Of a name that nobody has as of others, or it were known by that. */
static int take_place(const struct passwords *p, const struct check *more, struct err *e)
{
	struct places n = { 0 };

	for (const struct check *k = p->first; k; k = k->next) {
		count_place(k, more, &n);
		for (const struct check *s = k->sharing; s; s = s->next)
			count_place(s, more, &n);
	}
	if (n.of_net >= PASSWORDS_OF_NET_MAX)
		return err_set(e, ERR_AGAIN,
			       "%d passwords of this user from this network are being checked",
			       PASSWORDS_OF_NET_MAX);
	if (n.of_user >= PASSWORDS_OF_USER_MAX)
		return err_set(e, ERR_AGAIN, "%d passwords of this user are being checked",
			       PASSWORDS_OF_USER_MAX);
	if (p->n_checks >= PASSWORDS_MAX)
		return err_set(e, ERR_AGAIN, "%d passwords are being checked", PASSWORDS_MAX);
	return 0;
}

static void add_waiter(struct check *k, struct call *c,
		       void (*done)(struct call *c, const struct err *why))
{
	struct waiter *w = mem_alloc(sizeof(*w));

	*w = (struct waiter){ c, done, k->waiters };
	k->waiters = w;
}

/* The last of those of names that nobody has, when there are so many that more has to share it. */
static struct check *to_share(struct passwords *p, const struct check *more)
{
	struct check *last = NULL;
	size_t n = 0;

	for (struct check *k = p->first; k; k = k->next)
		if (k->place == p->users->n_users) {
			last = k;
			n++;
		}
	return more->place == p->users->n_users && n >= PASSWORDS_OF_USER_MAX ? last : NULL;
}

/* p->lock is held. More is in a list then. */
static void add_check(struct passwords *p, struct check *more)
{
	struct check *shared = to_share(p, more);

	if (shared) {
		more->next = shared->sharing;
		shared->sharing = more;
		return;
	}
	*p->last = more;
	p->last = &more->next;
	p->n_checks++;
	pthread_cond_signal(&p->more);
}

int passwords_check(struct passwords *p, char *given, struct bytes net, struct call *c,
		    void (*done)(struct call *c, const struct err *why), struct err *e)
{
	struct check *k = mem_alloc(sizeof(*k)), *same = NULL;
	bool is_added = false;
	int rc;

	k->given = given;
	k->n_net = net.n < NET_MAX ? net.n : NET_MAX;
	memcpy(k->net, net.p, k->n_net);
	rc = digest_keyed(&p->key, bytes_str(given), &k->digest, e);
	pthread_mutex_lock(&p->lock);
	if (rc == 0 && p->stop)
		rc = err_set(e, ERR_AGAIN, STOPPING);
	if (rc == 0) {
		k->place = place_of(p->users, name_of(bytes_str(given)));
		same = find_check(p, k);
	}
	if (rc == 0 && !same && (rc = take_place(p, k, e)) == 0) {
		add_check(p, k);
		is_added = true;
	}
	if (rc == 0)
		add_waiter(same ? same : k, c, done);
	pthread_mutex_unlock(&p->lock);
	if (!is_added)
		free_check(k);
	return rc;
}
