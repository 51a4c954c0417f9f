#include "store/s3.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"
#include "store/s3_peer.h"
#include "time/time.h"

static const struct store_ops s3_ops;

static void s3_close(struct store *store)
{
	struct s3_store *s = (struct s3_store *)store;

	for (size_t i = 0; i < s->n_idle; i++)
		httpc_many_close(s->idle[i]);
	free(s->idle);
	s3_creds_release(&s->creds);
	s3_place_release(&s->place);
	pthread_mutex_destroy(&s->lock);
	free(s->resolve);
	free(s->base.path);
	free(s->base.place);
	free(s->base.peer);
	free(s);
}

/* 0 a format that we know, 1 there is none. */
static int check_format(struct store *s, struct err *e)
{
	struct buf text = { 0 };
	struct err why = { 0 };
	int rc = s3_get(s, store_format_name, STORE_FORMAT_FILE_MAX, &text, &why);

	if (rc == 0)
		rc = store_format_check(s, buf_bytes(&text), e);
	else if (why.code == ERR_NO)
		rc = 1;
	else
		rc = err_set(e, why.code, "%s", why.msg);
	buf_release(&text);
	return rc;
}

static int s3_check_mark(struct store *s, struct err *e)
{
	int rc = check_format(s, e);

	return rc > 0 ? store_not_marked(s, e) : rc;
}

static int s3_mark(struct store *s, struct err *e)
{
	struct buf text = { 0 };
	int rc;

	store_format_add(s, &text);
	rc = s3_put_named(s, store_format_name, buf_bytes(&text), STORE_PUT_ANY, e);
	buf_release(&text);
	return rc;
}

/* Something that is no store's lies there: its name. */
static int is_other(const struct store_object *o, void *data, struct err *e)
{
	buf_add_str(data, o->name);
	return err_set(e, ERR_AGAIN, "enough");
}

static int make_store(struct store *s, struct err *e)
{
	int rc = check_format(s, e);
	struct buf other = { 0 };
	struct err why;

	if (rc <= 0)
		return rc;
	if (s3_list(s, "", is_other, &other, &why) < 0 && other.n == 0)
		return err_set(e, why.code, "%s", why.msg);
	if (other.n == 0)
		return s3_mark(s, e);
	rc = check_format(s, e); /* it may have been made, and filled, since */
	if (rc > 0)
		rc = store_not_empty(s, buf_str(&other), e);
	buf_release(&other);
	return rc;
}

int s3_now(struct store *store, int64_t *ret_ns, struct err *e)
{
	struct s3_store *s = (struct s3_store *)store;
	struct s3_call c = { .kind = S3_HEAD, .name = store_format_name };
	int rc = s3_do_one(s, &c, e);

	if (rc < 0 && c.err.code == ERR_NO)
		rc = 0; /* any answer has a date */
	if (rc == 0) {
		*ret_ns = s3_date(s, c.kept[S3_DATE].value);
		if (*ret_ns < 0)
			rc = err_set(e, ERR_IO, "'%s': the server tells no time", store->path);
	}
	s3_call_release(&c);
	return rc;
}

/* From now on no name is looked up any more: whoever changes it changes nothing here. */
static int pin(struct s3_store *s, struct err *e)
{
	struct buf address = { 0 }, how = { 0 };
	int rc = s3_pin(s->place.base, s3_resolve, &address, &how, e);

	if (rc == 0) {
		s->base.peer = strdup(buf_str(&address));
		s->resolve = strdup(buf_str(&how));
	} else {
		err_wrap(e, "store '%s'", s->place.path);
	}
	buf_release(&address);
	buf_release(&how);
	return rc;
}

struct store *store_s3_open(const char *url, enum store_mode mode, unsigned lacks, struct err *e)
{
	struct s3_store *s = mem_alloc(sizeof(*s));
	int rc = s3_place_parse(url, &s->place, e);

	s->base.ops = &s3_ops;
	s->base.remote = true;
	s->base.lacks = s->base.marked = lacks;
	pthread_mutex_init(&s->lock, NULL);
	s->seed = (uint64_t)time_mono_ns() ^ (uint64_t)getpid() << 32;
	if (rc == 0) {
		s->base.path = strdup(s->place.path);
		s->base.place = s3_place_text(&s->place);
		s->base.remote = true;
		if (s->place.require_private)
			rc = pin(s, e);
		/* Who only reads does not ask whether it is a store: one round of requests less. */
		if (rc == 0 && mode == STORE_WRITE)
			rc = make_store(&s->base, e);
	}
	if (rc < 0) {
		s3_close(&s->base);
		return NULL;
	}
	return &s->base;
}

static const struct store_ops s3_ops = {
	.close = s3_close,
	.check_mark = s3_check_mark,
	.mark = s3_mark,
	.list = s3_list,
	.list_folders = s3_list_folders,
	.leftovers = s3_leftovers,
	.file_open = s3_file_open,
	.read_all = s3_read_all,
	.file_map = s3_file_map,
	.file_close = s3_file_close,
	.get = s3_get,
	.has = s3_has,
	.put_new = s3_put_new,
	.put_write = s3_put_write,
	.put_commit = s3_put_commit,
	.put_abort = s3_put_abort,
	.put_named = s3_put_named,
	.set_class = s3_set_class,
	.get_rules = s3_get_rules,
	.put_rules = s3_put_rules,
	.delete_all = s3_delete_all,
	.now = s3_now,
	.lock = s3_lock,
	.unlock = s3_unlock,
};
