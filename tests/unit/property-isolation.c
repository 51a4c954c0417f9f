/*
 * S1-3, with warm caches: what a cache keeps of a remote store belongs to one tenant. Tenants of
 * random names, some of which begin as others do, have packs, index files and requests to delete of
 * one day and of the same streams; they are asked for in random order through one cache that
 * several stores share, while others write.
 */
#include "remote.h"

#include "deletes/requests.h"
#include "index/build.h"
#include "index/live.h"
#include "packs.h"
#include "store/cache_detail.h"

enum { CASES_PER_PERCENT = 100, TENANTS = 32, NAME_MAX_LEN = 12, DAY = 20000, HANDLES = 2 };

struct tenant {
	char name[NAME_MAX_LEN + 2];
	uint64_t n_entries;
	size_t n_requests;
};

struct world {
	char *dir, *cache_dir;
	struct remote *r[HANDLES];
	struct cache *c;
	struct tenant t[TENANTS];
};

static unsigned n_unknown, n_written;

static bool is_taken(const struct world *w, int n, const char *name)
{
	for (int i = 0; i < n; i++)
		if (strcmp(w->t[i].name, name) == 0)
			return true;
	return false;
}

static void name_tenant(struct world *w, int n, uint64_t *seed)
{
	static const char *const odd[] = { "a",	    "aa",      "a.a",  "...",	 "-rf",	  "chunks",
					   "index", "deletes", "fake", "a.json", "x.tmp", "(*)",
					   "!",	    "_",       "0",    "A" };
	static const char chars[] = "abXY09!-_.*'()";
	char *to = w->t[n].name;

	if (n < (int)(sizeof(odd) / sizeof(*odd))) {
		snprintf(to, sizeof(w->t[n].name), "%s", odd[n]);
		return;
	}
	do {
		size_t len = 1 + rnd_below(seed, NAME_MAX_LEN);

		memset(to, 0, NAME_MAX_LEN + 2);
		for (size_t i = 0; i < len; i++)
			to[i] = chars[rnd_below(seed, sizeof(chars) - 1)];
	} while (strcmp(to, ".") == 0 || strcmp(to, "..") == 0 || is_taken(w, n, to));
}

static void no_fault(const struct err *e, void *data)
{
	(void)data;
	fail_msg("%s", e->msg);
}

static void write_pack(struct world *w, struct tenant *t, uint64_t *seed)
{
	const struct build_events ev = { .fault = no_fault };
	struct pack_spec spec = { .tenant = t->name,
				  .app = "web",
				  .day = DAY,
				  .n_streams = 1 + (unsigned)rnd_below(seed, 2),
				  .n_entries = 1 + (unsigned)rnd_below(seed, 9),
				  .first_stream = (unsigned)rnd(seed) % 1000,
				  .order_key = (int64_t)(rnd(seed) >> 1) };
	struct store_name sn = put_pack(w->r[0]->dir, &spec);
	struct err e;

	if (index_build(w->r[0]->dir, &sn, 1, &ev, &e) < 0)
		fail_msg("%s", e.msg);
	t->n_entries += spec.n_streams * spec.n_entries;
}

static void write_request(struct world *w, struct tenant *t, uint64_t *seed)
{
	struct buf query = { 0 };
	struct delete_request r = { .end_ns = (int64_t)(rnd(seed) >> 1) };
	struct err e;

	buf_addf(&query, "{app=\"web\"} |= \"%s\"", t->name);
	r.query = buf_bytes(&query);
	if (deletes_put(w->r[0]->dir, bytes_str(t->name), &r, &e) < 0)
		fail_msg("%s", e.msg);
	t->n_requests++;
	buf_release(&query);
}

static void make_world(struct world *w, uint64_t *seed)
{
	const struct cache_limits limits = { .bytes = 64 << 20 };

	*w = (struct world){ .dir = new_folder(), .cache_dir = new_folder() };
	w->c = cache_open(w->cache_dir, &limits, NULL, NULL);
	for (int i = 0; i < HANDLES; i++) {
		w->r[i] = remote_open(w->dir);
		w->r[i]->delay_ns = 0;
		store_set_cache(&w->r[i]->base, w->c, STORE_CACHED_ALL);
		store_set_answer_age(&w->r[i]->base, 3600 * NS_PER_S);
	}
	for (int i = 0; i < TENANTS; i++) {
		name_tenant(w, i, seed);
		write_pack(w, &w->t[i], seed);
		if (rnd_below(seed, 2))
			write_request(w, &w->t[i], seed);
	}
}

static void release_world(struct world *w)
{
	for (int i = 0; i < HANDLES; i++)
		store_close(&w->r[i]->base);
	cache_close(w->c);
	remove_folder(w->dir);
	remove_folder(w->cache_dir);
}

/* ---- what is asked ---- */

static int read_at(void *data, uint64_t off, void *p, size_t n, struct err *e)
{
	return store_file_read(data, off, p, n, e);
}

static void check_pack(struct store *s, struct bytes tenant, const struct index_pack *row)
{
	const struct store_name sn = { STORE_PACK, DAY, tenant, row->name };
	struct store_file f = { 0 };
	struct pack_trailer t;
	struct buf name = { 0 };
	struct arena mem = { 0 };
	struct err e;

	store_name_add(&name, &sn);
	if (store_file_open_sized(s, buf_str(&name), row->size, &f, &e) < 0 ||
	    pack_read_trailer(read_at, &f, row->size, &mem, &t, &e) < 0)
		fail_msg("%s", e.msg);
	assert_true(bytes_eq(t.tenant, tenant));
	store_file_close(&f);
	arena_release(&mem);
	buf_release(&name);
}

static void ask_index(struct store *s, const struct tenant *t, struct bytes tenant)
{
	uint64_t n = 0;
	struct live l;
	struct err e;

	if (live_load(s, tenant, DAY, &l, &e) < 0)
		fail_msg("%s", e.msg);
	assert_int_equal(0, l.n_faults);
	for (size_t i = 0; i < l.n; i++) {
		assert_true(bytes_eq(index_info(l.v[i])->tenant, tenant));
		for (uint32_t p = 0; p < index_info(l.v[i])->n_packs; p++) {
			struct index_pack row;

			assert_int_equal(0, index_pack_at(l.v[i], p, &row, &e));
			check_pack(s, tenant, &row);
			n += row.entries;
		}
	}
	assert_int_equal(t ? t->n_entries : 0, n);
	live_release(&l);
}

static void ask_requests(struct store *s, const struct tenant *t, struct bytes tenant)
{
	struct delete_requests l = { 0 };
	struct buf line = { 0 };
	struct err e;

	if (deletes_list(s, tenant, DELETES_ALL, &l, &e) < 0)
		fail_msg("%s", e.msg);
	assert_int_equal(t ? t->n_requests : 0, l.n);
	buf_addf(&line, "{app=\"web\"} |= \"%.*s\"", BYTES_ARG(tenant));
	for (size_t i = 0; i < l.n; i++)
		assert_true(bytes_eq(l.v[i].query, buf_bytes(&line)));
	deletes_release(&l);
	buf_release(&line);
}

static void try_case(struct world *w, uint64_t *seed)
{
	struct store *s = &w->r[rnd_below(seed, HANDLES)]->base;
	struct tenant *t = &w->t[rnd_below(seed, TENANTS)];
	struct buf other = { 0 };
	struct bytes tenant = bytes_str(t->name);
	struct err e;

	if (rnd_below(seed, 5) == 0) { /* somebody who has nothing, by nearly the same name */
		buf_addf(&other, "%sb", t->name);
		if (!is_taken(w, TENANTS, buf_str(&other))) {
			tenant = buf_bytes(&other);
			t = NULL;
			n_unknown++;
		}
	} else if (rnd_below(seed, 50) == 0) {
		if (rnd_below(seed, 2))
			write_pack(w, t, seed);
		else
			write_request(w, t, seed);
		assert_int_equal(0, cache_forget_answers(w->c, &e)); /* as who writes does */
		n_written++;
	}
	if (rnd_below(seed, 2))
		ask_index(s, t, tenant);
	else
		ask_requests(s, t, tenant);
	buf_release(&other);
}

static void a_cache_mixes_no_tenants(void **unused)
{
	unsigned cases = CASES_PER_PERCENT * (unsigned)env_number("PERCENT", 5);
	uint64_t seed = env_number("SEED", 1), hits, asked = 0;
	struct world w;

	(void)unused;
	make_world(&w, &seed);
	for (unsigned i = 0; i < cases; i++)
		try_case(&w, &seed);
	for (int i = 0; i < HANDLES; i++)
		asked += w.r[i]->base.lists + w.r[i]->base.gets;
	hits = w.c->hits;
	printf("# S1-3: %u cases with warm caches, %u of tenants that have nothing, %u writes "
	       "between; "
	       "%llu ranges from the cache, %llu requests to the store\n",
	       cases, n_unknown, n_written, (unsigned long long)hits, (unsigned long long)asked);
	assert_true(n_unknown > cases / 10 && n_written > cases / 200 && hits > cases / 2);
	release_world(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		{ "S1-3 tenant isolation: a cache that all share gives nobody what is another's",
		  a_cache_mixes_no_tenants, NULL, NULL, NULL },
	};

	if (access("/dev/shm", W_OK) == 0)
		assert_int_equal(0, setenv("TMPDIR", "/dev/shm", 0));
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
