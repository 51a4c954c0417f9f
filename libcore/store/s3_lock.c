/*
 * A lock is an object that says who has it and until when; a thread renews it. It only saves work
 * that would be done twice: what stands in the store does not rest on it, so that a server without
 * conditional PUT, a clock that is off and a process that was stopped for longer than the expiry do
 * no harm. Times are the server's.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/num.h"
#include "store/s3.h"
#include "time/time.h"

enum { OWNER_BYTES = 16, TEXT_MAX = 256, RENEWALS = 3 };

struct s3_lock {
	struct store_lock base;
	struct s3_store *s;
	char *name; /* of the object */
	char owner[2 * OWNER_BYTES + 1];
	pthread_t thread;
	pthread_mutex_t mutex; /* guards what follows */
	pthread_cond_t changed;
	bool ending;
};

/* "lokid lock OWNER SECONDS\n": for how long it is good from when it was written. */
static void add_text(const struct s3_lock *l, struct buf *b)
{
	buf_addf(b, "lokid lock %s %" PRId64 "\n", l->owner, l->s->place.lock_expiry_s);
}

/* The last word but one and the last. False when it is no lock's text. */
static bool parse_text(struct bytes text, struct bytes *ret_owner, uint64_t *ret_seconds)
{
	static const struct bytes start = { "lokid lock ", 11 };

	text = bytes_trim(text);
	if (!bytes_starts(text, start))
		return false;
	text = bytes_sub(text, start.n, text.n);
	return bytes_split(&text, ' ', ret_owner) && num_u64(text, ret_seconds);
}

static int put(struct s3_lock *l, enum store_put_how how, struct err *e)
{
	struct buf text = { 0 };
	int rc;

	add_text(l, &text);
	rc = s3_put_named(&l->s->base, l->name, buf_bytes(&text), how, e);
	buf_release(&text);
	return rc;
}

/* 1 it is ours, 0 somebody else's or gone, -1 not known. */
static int is_ours(struct s3_lock *l, struct err *e)
{
	struct buf text = { 0 };
	struct bytes owner;
	uint64_t seconds;
	struct err why = { 0 };
	int rc = s3_get(&l->s->base, l->name, TEXT_MAX, &text, &why);

	if (rc == 0)
		rc = parse_text(buf_bytes(&text), &owner, &seconds) && bytes_is(owner, l->owner);
	else if (why.code == ERR_NO)
		rc = 0;
	else
		err_set(e, why.code, "%s", why.msg);
	buf_release(&text);
	return rc;
}

/* 1 nobody renews the lock that is there, or it is gone; 0 somebody has it. */
static int is_left(struct s3_lock *l, struct err *e)
{
	struct store *s = &l->s->base;
	struct buf text = { 0 };
	struct store_object o;
	struct bytes owner;
	uint64_t seconds = (uint64_t)l->s->place.lock_expiry_s;
	int64_t now_ns;
	int rc = s3_has(s, l->name, &o, e);

	if (rc <= 0)
		return rc < 0 ? -1 : 1;
	rc = s3_get(s, l->name, TEXT_MAX, &text, NULL);
	if (rc == 0 && !parse_text(buf_bytes(&text), &owner, &seconds))
		seconds = (uint64_t)l->s->place.lock_expiry_s;
	buf_release(&text);
	if (s3_now(s, &now_ns, e) < 0)
		return -1;
	return (now_ns - o.date_ns) / NS_PER_S > (int64_t)(seconds < 86400 ? seconds : 86400);
}

static void *renew(void *data)
{
	struct s3_lock *l = data;
	struct timespec at;

	pthread_mutex_lock(&l->mutex);
	while (!l->ending) {
		int64_t ns;

		clock_gettime(CLOCK_MONOTONIC, &at);
		ns = at.tv_nsec + l->s->place.lock_expiry_s * NS_PER_S / RENEWALS;
		at.tv_sec += (time_t)(ns / NS_PER_S);
		at.tv_nsec = (long)(ns % NS_PER_S);
		if (pthread_cond_timedwait(&l->changed, &l->mutex, &at) == 0 || l->ending)
			continue;
		pthread_mutex_unlock(&l->mutex);
		/* One that was taken over meanwhile is the other's; and what cannot be renewed
		 * expires: nothing to be done about it, and no harm. */
		if (is_ours(l, NULL) == 1)
			put(l, STORE_PUT_ANY, NULL);
		pthread_mutex_lock(&l->mutex);
	}
	pthread_mutex_unlock(&l->mutex);
	return NULL;
}

/* What cannot be deleted expires. */
static void drop(const struct s3_lock *l)
{
	struct s3_call c = { .kind = S3_DELETE, .name = l->name };

	s3_do(l->s, &c, 1);
	s3_call_release(&c);
}

static int take(struct s3_lock *l, struct err *e)
{
	struct err why = { 0 };
	int rc = put(l, STORE_PUT_NEW, &why);

	if (rc < 0 && why.code == ERR_AGAIN) {
		rc = is_left(l, e);
		if (rc < 0)
			return -1;
		if (rc == 0)
			return err_set(e, ERR_AGAIN, "'%s/%s': somebody else has the lock",
				       l->s->place.path, l->name);
		rc = s3_delete_all(&l->s->base, &l->name, 1, e);
		if (rc == 0)
			rc = put(l, STORE_PUT_NEW, e);
	} else if (rc < 0) {
		return err_set(e, why.code, "%s", why.msg);
	}
	if (rc < 0)
		return -1;
	rc = is_ours(l, e); /* two that took over one at once */
	if (rc == 0)
		return err_set(e, ERR_AGAIN, "'%s/%s': somebody else has the lock",
			       l->s->place.path, l->name);
	return rc < 0 ? -1 : 0;
}

static void lock_free(struct s3_lock *l)
{
	pthread_cond_destroy(&l->changed);
	pthread_mutex_destroy(&l->mutex);
	free(l->name);
	free(l);
}

static int set_owner(struct s3_lock *l, struct err *e)
{
	unsigned char b[OWNER_BYTES];

	if (getrandom(b, sizeof(b), 0) != (ssize_t)sizeof(b))
		return err_sys(e, "no random numbers");
	for (size_t i = 0; i < sizeof(b); i++)
		snprintf(l->owner + 2 * i, 3, "%02x", b[i]);
	return 0;
}

struct store_lock *s3_lock(struct store *s, const char *name, struct err *e)
{
	struct s3_lock *l = mem_alloc(sizeof(*l));
	pthread_condattr_t attr;
	struct buf object = { 0 };
	size_t n = strlen(name);

	while (n && name[n - 1] == '/')
		n--;
	buf_addf(&object, "~lokid/locks/%.*s", (int)n, name);
	l->s = (struct s3_store *)s;
	l->name = strdup(buf_str(&object));
	buf_release(&object);
	pthread_mutex_init(&l->mutex, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&l->changed, &attr);
	pthread_condattr_destroy(&attr);
	if (set_owner(l, e) < 0 || take(l, e) < 0) {
		lock_free(l);
		return NULL;
	}
	if (pthread_create(&l->thread, NULL, renew, l) != 0) {
		err_set(e, ERR_IO, "cannot start a thread");
		drop(l);
		lock_free(l);
		return NULL;
	}
	return &l->base;
}

void s3_unlock(struct store_lock *lock)
{
	struct s3_lock *l = (struct s3_lock *)lock;

	pthread_mutex_lock(&l->mutex);
	l->ending = true;
	pthread_cond_signal(&l->changed);
	pthread_mutex_unlock(&l->mutex);
	pthread_join(l->thread, NULL);
	if (is_ours(l, NULL) == 1)
		drop(l);
	lock_free(l);
}
