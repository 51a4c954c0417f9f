#include "index/freshness.h"

#include <stdlib.h>

#include "base/mem.h"
#include "base/num.h"
#include "index/live.h"
#include "json/json.h"
#include "store/names.h"
#include "store/tenants.h"
#include "time/time.h"

int64_t freshness_age(int64_t now_ns, int64_t newest_ns)
{
	num_wide age = (num_wide)now_ns - newest_ns;

	return age < 0 ? 0 : num_clip(age);
}

struct asking {
	const struct freshness *f;
	int64_t now;
	int64_t n_late;
	uint64_t n_tenants;
	struct buf line;
};

struct days {
	int32_t *v;
	size_t n, cap;
};

static int add_day(int32_t day, void *data, struct err *e)
{
	struct days *d = data;

	(void)e;
	mem_grow(&d->v, &d->cap, d->n + 1, sizeof(*d->v));
	d->v[d->n++] = day;
	return 0;
}

/* Of a tenant. */
struct newest {
	int64_t limit; /* what is above does not count */
	bool any, has_ahead;
	int64_t ts, ahead;
};

static void add_time(struct newest *w, int64_t ts)
{
	if (ts > w->limit) {
		w->ahead = w->has_ahead && w->ahead > ts ? w->ahead : ts;
		w->has_ahead = true;
	} else {
		w->ts = w->any && w->ts > ts ? w->ts : ts;
		w->any = true;
	}
}

/* Of a file that reaches beyond the limit: by its blocks. */
static int newest_of_blocks(struct index *ix, struct newest *w, struct err *e)
{
	for (uint32_t i = 0; i < index_info(ix)->n_chunks; i++) {
		struct index_chunk c;

		if (index_chunk_at(ix, i, &c, e) < 0)
			return -1;
		for (uint32_t k = 0; k < c.n_blocks; k++) {
			struct index_block b;

			if (index_block_at(ix, &c, k, &b, e) < 0)
				return -1;
			add_time(w, b.max_ts);
			add_time(w, b.min_ts);
		}
	}
	return 0;
}

/* Of what is right; there may be nothing of it. */
static int newest_of_day(struct asking *q, struct bytes tenant, int32_t day, struct newest *w,
			 struct err *e)
{
	struct err why;
	struct live l;

	if (live_load(q->f->store, tenant, day, &l, e) < 0)
		return -1;
	for (size_t i = 0; i < l.n_faults; i++)
		q->f->fault(&l.faults[i].err, q->f->data);
	for (size_t i = 0; i < l.n; i++) {
		const struct index_info *in = index_info(l.v[i]);

		if (in->entries == 0)
			continue;
		add_time(w, in->max_ts);
		if (in->max_ts > w->limit && in->min_ts <= w->limit &&
		    newest_of_blocks(l.v[i], w, &why) < 0)
			q->f->fault(&why, q->f->data);
	}
	live_release(&l);
	return 0;
}

static int count_folder(const char *name, uint64_t size, void *data, struct err *e)
{
	(void)name;
	(void)size;
	(void)e;
	(*(size_t *)data)++;
	return 0;
}

/* Of a folder without packs and index files nobody said that it is a tenant's. */
static int is_tenant(struct asking *q, struct bytes name, struct err *e)
{
	static const enum store_kind kinds[] = { STORE_INDEX, STORE_PACK };
	struct err why;
	size_t n = 0;

	for (int i = 0; i < 2 && n == 0; i++) {
		struct buf folder = { 0 };
		int rc;

		store_folder_add_all(&folder, kinds[i], name);
		rc = store_list_folders(q->f->store, buf_str(&folder), count_folder, &n, &why);
		buf_release(&folder);
		if (rc < 0 && why.code != ERR_CORRUPT)
			return err_set(e, why.code, "%s", why.msg);
		n += rc < 0; /* a file is in its place */
	}
	return n > 0;
}

/* Of days that are wholly ahead the last is looked at, to be told. */
static int find_newest(struct asking *q, struct bytes tenant, struct newest *w, struct err *e)
{
	struct days d = { 0 };
	int rc = live_days(q->f->store, tenant, INT32_MIN, INT32_MAX, add_day, &d, e);

	for (size_t i = d.n; i > 0 && rc == 0 && !w->any; i--)
		if (!w->has_ahead || d.v[i - 1] <= time_day(w->limit))
			rc = newest_of_day(q, tenant, d.v[i - 1], w, e);
	free(d.v);
	return rc;
}

/* Rounded up, so that one that is too old is not said to be of just the age that is not. */
static int64_t whole_seconds(int64_t age_ns)
{
	int64_t rest = age_ns % NS_PER_S;

	return rest == 0 || age_ns > INT64_MAX - NS_PER_S ? age_ns : age_ns - rest + NS_PER_S;
}

static void add_line(struct asking *q, struct bytes tenant, const struct newest *w, int64_t age,
		     bool late)
{
	struct buf *b = &q->line;

	buf_reset(b);
	if (q->f->format == CLI_JSONL) {
		buf_add_str(b, "{\"tenant\":");
		json_add_quoted(b, tenant);
		if (w->any)
			buf_addf(b, ",\"newest\":\"%lld\",\"age_ns\":%lld", (long long)w->ts,
				 (long long)age);
		if (w->has_ahead)
			buf_addf(b, ",\"ahead\":\"%lld\"", (long long)w->ahead);
		buf_addf(b, ",\"late\":%s}\n", late ? "true" : "false");
		return;
	}
	buf_addf(b, "%.*s: ", BYTES_ARG(tenant));
	if (w->any) {
		time_add_rfc3339(b, w->ts);
		buf_add_str(b, ", ");
		time_add_duration(b, whole_seconds(age));
		buf_add_str(b, " ago");
	} else {
		buf_add_str(b, w->has_ahead ? "nothing else is stored" : "nothing is stored");
	}
	if (late)
		buf_add_str(b, ": too old");
	if (w->has_ahead) {
		buf_add_str(b, "; an entry of ");
		time_add_rfc3339(b, w->ahead);
		buf_add_str(b, " is ahead of the clock and does not count");
	}
	buf_add_char(b, '\n');
}

static int one_tenant(const char *name, uint64_t size, void *data, struct err *e)
{
	struct asking *q = data;
	struct bytes tenant = bytes_str(name);
	struct newest w = { .limit = INT64_MAX };
	int64_t age;
	bool late;
	struct err why;

	(void)size;
	if (q->f->grace_ns)
		w.limit = num_clip((num_wide)q->now + q->f->grace_ns(tenant, q->f->data));
	if (find_newest(q, tenant, &w, &why) < 0) {
		if (why.code != ERR_CORRUPT)
			return err_set(e, why.code, "%s", why.msg);
		q->f->fault(&why, q->f->data);
		w = (struct newest){ .limit = w.limit };
	}
	if (!w.any && !w.has_ahead && !q->f->tenant.n) {
		int rc = is_tenant(q, tenant, e);

		if (rc <= 0)
			return rc;
	}
	age = freshness_age(q->now, w.ts);
	late = !w.any || age > q->f->max_age_ns;
	q->n_tenants++;
	q->n_late += late;
	add_line(q, tenant, &w, age, late);
	return q->f->sink(buf_bytes(&q->line), q->f->data, e);
}

/* Nobody has ever stored anything: that is too late, too. */
static int tell_empty(struct asking *q, struct err *e)
{
	q->n_late++;
	if (q->f->format == CLI_JSONL)
		return 0;
	return q->f->sink(BYTES_LIT("nothing is stored: too old\n"), q->f->data, e);
}

int64_t freshness_ask(const struct freshness *f, struct err *e)
{
	struct asking q = { .f = f, .now = f->now_ns };
	int rc;

	if (!f->has_now)
		q.now = store_now_to_look(f->store, "");
	rc = store_each_tenant(f->store, f->tenant, one_tenant, &q, e);
	if (rc == 0 && q.n_tenants == 0)
		rc = tell_empty(&q, e);
	buf_release(&q.line);
	return rc < 0 ? -1 : q.n_late;
}
