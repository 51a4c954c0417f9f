/* Listings and small objects by way of the cache, which may have them from a moment ago. */
#include "base/rd.h"
#include "base/wr.h"
#include "store/backend.h"
#include "store/cache.h"

static int add_object(const struct store_object *o, void *data, struct err *e)
{
	struct buf *b = data;

	(void)e;
	wr_lstr(b, bytes_str(o->name));
	wr_u64be(b, o->size);
	wr_u64be(b, (uint64_t)o->date_ns);
	return 0;
}

static int give_objects(struct bytes list, store_object_fn *each, void *data, struct err *e)
{
	struct rd rd = rd_init(list);
	struct buf name = { 0 };
	int rc = 0;

	while (rc == 0 && rd.off < list.n) {
		struct bytes text = rd_lstr(&rd, list.n);
		struct store_object o = { .size = rd_u64be(&rd) };

		o.date_ns = (int64_t)rd_u64be(&rd);
		if (rd.failed) {
			rc = err_set(e, ERR_BUG, "a listing that was kept ends early");
			break;
		}
		buf_reset(&name);
		buf_add_bytes(&name, text);
		o.name = buf_str(&name);
		rc = each(&o, data, e);
	}
	buf_release(&name);
	return rc;
}

int store_kept_list(struct store *s, const char *folder, store_object_fn *each, void *data,
		    struct err *e)
{
	struct buf question = { 0 }, list = { 0 };
	struct bytes store = bytes_str(s->place);
	int rc = 0;

	buf_addf(&question, "list %s", folder);
	if (!cache_get_answer(s->cache, store, buf_str(&question), s->answer_age_ns, &list)) {
		uint64_t at = cache_changes(s->cache);

		rc = s->ops->list(s, folder, add_object, &list, e);
		if (rc == 0)
			cache_put_answer(s->cache, store, question.p, at, buf_bytes(&list));
	}
	if (rc == 0)
		rc = give_objects(buf_bytes(&list), each, data, e);
	buf_release(&question);
	buf_release(&list);
	return rc;
}

/* A first byte says whether there is one. */
int store_kept_get(struct store *s, const char *name, size_t max, struct buf *b, struct err *e)
{
	struct buf question = { 0 }, answer = { 0 };
	struct bytes store = bytes_str(s->place);
	int rc = 0;

	buf_addf(&question, "get %s", name);
	if (!cache_get_answer(s->cache, store, buf_str(&question), s->answer_age_ns, &answer)) {
		uint64_t at = cache_changes(s->cache);
		struct err why = { 0 };

		wr_u8(&answer, 1);
		rc = s->ops->get(s, name, max, &answer, &why);
		if (rc < 0 && why.code == ERR_NO)
			answer.p[0] = 0;
		if (rc == 0 || why.code == ERR_NO)
			cache_put_answer(s->cache, store, question.p, at, buf_bytes(&answer));
		if (rc < 0)
			err_set(e, why.code, "%s", why.msg);
	} else if (answer.n == 0 || answer.p[0] == 0) {
		rc = err_set(e, ERR_NO, "'%s/%s': no such object", store_path(s), name);
	} else if (answer.n - 1 > max) {
		rc = err_set(e, ERR_LIMIT, "'%s/%s': more than %zu bytes", store_path(s), name,
			     max);
	}
	if (rc == 0)
		buf_add(b, answer.p + 1, answer.n - 1);
	buf_release(&question);
	buf_release(&answer);
	return rc;
}
