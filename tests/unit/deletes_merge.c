/* Many requests in one file: what it says, what it replaces, what is left out, how many there may
 * be; and receipts beside them, which are moved. Who is at work at once, and is killed:
 * property-deletes. */
#include "memory_store.h"

#include "deletes/folder.h"
#include "deletes/merge.h"
#include "time/time.h"

static const struct bytes tenant = { "t", 1 };
static const int64_t day_ns = 24 * 3600 * NS_PER_S, begin_ns = 1768471200 * NS_PER_S;

static int setup(void **unused)
{
	struct memory_store *m = memory_open_store();

	m->now_ns = begin_ns;
	*unused = m;
	return 0;
}

static int teardown(void **unused)
{
	struct memory_store *m = *unused;

	store_close(&m->base);
	return 0;
}

static struct delete_request put(struct memory_store *m, unsigned number)
{
	struct delete_request r = { .start_ns = begin_ns,
				    .end_ns = begin_ns + 1,
				    .created_ns = number };
	struct err e;

	r.query = BYTES_LIT("{app=\"a\"} |= \"x\\\"\\n\"");
	if (deletes_put(&m->base, tenant, &r, &e) < 0)
		fail_msg("%s", e.msg);
	return r;
}

static void put_many(struct memory_store *m, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		put(m, i + 1);
}

static void merge_by(struct memory_store *m, int64_t delay_ns)
{
	struct delete_merge x = { .store = &m->base, .tenant = tenant, .delay_ns = delay_ns };
	struct err e;

	if (deletes_merge(&x, &e) < 0)
		fail_msg("%s", e.msg);
}

static void merge(struct memory_store *m)
{
	merge_by(m, 7200 * NS_PER_S);
}

static size_t count(struct memory_store *m, enum deletes_file what)
{
	struct folder f;
	struct err e;
	size_t n;

	assert_int_equal(0, folder_list(&m->base, tenant, &f, &e));
	(void)folder_files(&f, what, &n);
	folder_release(&f);
	return n;
}

static size_t n_listed(struct memory_store *m, enum deletes_which which)
{
	struct delete_requests l;
	struct err e;
	size_t n;

	if (deletes_list(&m->base, tenant, which, &l, &e) < 0)
		fail_msg("%s", e.msg);
	n = l.n;
	deletes_release(&l);
	return n;
}

static void name_of(struct buf *b, const struct delete_request *r, enum deletes_file what)
{
	buf_reset(b);
	deletes_add_name(b, tenant, bytes_str(r->id), what);
	buf_str(b);
}

/* ---- merged ---- */

static void a_few_stay_as_they_are(void **unused)
{
	struct memory_store *m = *unused;

	put_many(m, 16);
	merge(m);
	assert_int_equal(count(m, DELETES_MERGED), 0);
	assert_int_equal(m->n, 16);
}

static int count_opened(void *data, enum memory_at at, struct err *e)
{
	(void)e;
	*(unsigned *)data += at == MEMORY_BEFORE;
	return 0;
}

static void many_are_read_from_one_file(void **unused)
{
	struct memory_store *m = *unused;
	unsigned steps = 0;

	put_many(m, 300);
	merge(m);
	assert_int_equal(count(m, DELETES_MERGED), 1);
	assert_int_equal(count(m, DELETES_REQUEST), 300);
	m->step = count_opened;
	m->data = &steps;
	assert_int_equal(n_listed(m, DELETES_IN_FORCE), 300);
	assert_int_equal(steps, 3); /* one list; one file is opened, and read */
	m->step = NULL;
	m->now_ns += 7199 * NS_PER_S;
	merge(m);
	assert_int_equal(count(m, DELETES_REQUEST), 300);
	m->now_ns += NS_PER_S;
	merge(m);
	assert_int_equal(count(m, DELETES_REQUEST), 0);
	assert_int_equal(n_listed(m, DELETES_IN_FORCE), 300);
}

/* Whoever lists the folder meanwhile sees the one or the other, whatever --delete-delay says. */
static void a_minute_at_least_what_was_replaced_stays(void **unused)
{
	struct memory_store *m = *unused;

	put_many(m, 17);
	merge_by(m, 0);
	m->now_ns += 59 * NS_PER_S;
	merge_by(m, 0);
	assert_int_equal(count(m, DELETES_REQUEST), 17);
	m->now_ns += NS_PER_S;
	merge_by(m, 0);
	assert_int_equal(count(m, DELETES_REQUEST), 0);
}

static void more_come_into_the_next(void **unused)
{
	struct memory_store *m = *unused;

	put_many(m, 20);
	merge(m);
	put_many(m, 36);
	merge(m); /* 16 more: they are few */
	assert_int_equal(count(m, DELETES_MERGED), 1);
	put_many(m, 37);
	merge(m);
	assert_int_equal(count(m, DELETES_MERGED), 2);
	merge(m);
	assert_int_equal(count(m, DELETES_MERGED), 2);
	m->now_ns += day_ns;
	merge(m);
	assert_int_equal(count(m, DELETES_MERGED), 1);
	assert_int_equal(count(m, DELETES_REQUEST), 0);
	assert_int_equal(n_listed(m, DELETES_IN_FORCE), 37);
}

static void one_in_a_merged_file_is_cancelled(void **unused)
{
	struct memory_store *m = *unused;
	struct delete_request r;
	struct buf name = { 0 };
	struct err e;

	put_many(m, 20);
	r = put(m, 7);
	merge(m);
	m->now_ns += day_ns;
	merge(m);
	assert_int_equal(count(m, DELETES_REQUEST), 0);
	assert_int_equal(0, deletes_cancel(&m->base, tenant, bytes_str(r.id), m->now_ns, &e));
	assert_int_equal(n_listed(m, DELETES_IN_FORCE), 19);
	assert_int_equal(n_listed(m, DELETES_ALL), 20);
	m->now_ns += 29 * day_ns;
	merge(m);
	assert_int_equal(n_listed(m, DELETES_ALL), 20);
	m->now_ns += day_ns;
	merge(m);
	assert_int_equal(count(m, DELETES_MERGED), 2);
	m->now_ns += day_ns;
	merge(m);
	assert_int_equal(count(m, DELETES_MERGED), 1);
	assert_int_equal(n_listed(m, DELETES_ALL), 19);
	m->now_ns += 400 * day_ns;
	merge(m);
	name_of(&name, &r, DELETES_CANCEL);
	assert_non_null(memory_get(m, buf_str(&name)));
	(void)put(m, 7); /* by who still had it to write */
	assert_int_equal(n_listed(m, DELETES_IN_FORCE), 19);
	buf_release(&name);
}

/* As a program of version 1 reads it. */
static void who_knows_no_merged_files_is_stopped(void **unused)
{
	struct memory_store *m = *unused;
	struct delete_request r;
	struct arena a = { 0 };
	const struct memory_file *f;
	struct bytes id;
	struct err e;

	put_many(m, 17);
	assert_null(memory_get(m, "t/deletes/" DELETES_MARK));
	merge(m);
	f = memory_get(m, "t/deletes/" DELETES_MARK);
	assert_non_null(f);
	assert_int_equal(-1,
			 deletes_parse_text(buf_bytes(&f->text), "ffffffffffffffff", &a, &r, &e));
	assert_int_equal(e.code, ERR_VERSION);
	assert_int_equal(deletes_parse_name(BYTES_LIT(DELETES_MARK), &id), DELETES_FILES);
	arena_release(&a);
}

/* ---- of others ---- */

/* In a copy of a store that left a request out, it may be needed. */
static void what_a_merged_file_replaces_but_does_not_say_stays(void **unused)
{
	struct memory_store *m = *unused;
	struct delete_request kept = put(m, 1), other = put(m, 2);
	struct buf name = { 0 }, text = { 0 };
	struct hash128 hash;
	struct bytes replaces[2];
	struct merged x = { &kept, 1, replaces, 2 };
	struct err e;

	name_of(&name, &kept, DELETES_REQUEST);
	replaces[0] = bytes_str(strdup(buf_str(&name) + strlen("t/deletes/")));
	name_of(&name, &other, DELETES_REQUEST);
	replaces[1] = bytes_str(strdup(buf_str(&name) + strlen("t/deletes/")));
	if (bytes_cmp(replaces[0], replaces[1]) > 0) {
		struct bytes first = replaces[1];

		replaces[1] = replaces[0];
		replaces[0] = first;
	}
	merged_add_text(&text, &x);
	assert_int_equal(0, store_put_bytes(&m->base, "t/deletes/", ".requests", buf_bytes(&text),
					    &hash, NULL, &e));
	m->now_ns += day_ns;
	merge(m);
	assert_non_null(memory_get(m, buf_str(&name)));
	assert_int_equal(count(m, DELETES_REQUEST), 1);
	assert_int_equal(n_listed(m, DELETES_IN_FORCE), 2);
	free((char *)(uintptr_t)replaces[0].p);
	free((char *)(uintptr_t)replaces[1].p);
	buf_release(&name);
	buf_release(&text);
}

/* ---- how many ---- */

static void of_more_than_the_bound_one_is_refused(void **unused)
{
	struct memory_store *m = *unused;
	struct merged x = { .n = DELETES_MAX };
	struct delete_request r = { .query = BYTES_LIT("{a=\"b\"}"), .end_ns = 5 };
	struct buf text = { 0 };
	struct hash128 hash;
	struct err e;

	x.v = mem_alloc(DELETES_MAX * sizeof(*x.v));
	for (int i = 0; i < DELETES_MAX; i++) {
		x.v[i] = r;
		x.v[i].created_ns = i;
		deletes_set_id(&x.v[i]);
	}
	x.n = folder_sort(x.v, x.n);
	merged_add_text(&text, &x);
	assert_int_equal(0, store_put_bytes(&m->base, "t/deletes/", ".requests", buf_bytes(&text),
					    &hash, NULL, &e));
	r.created_ns = DELETES_MAX;
	assert_int_equal(-1, deletes_put(&m->base, tenant, &r, &e));
	assert_int_equal(e.code, ERR_LIMIT);
	assert_non_null(strstr(e.msg, "5000 requests to delete in force"));
	assert_non_null(strstr(e.msg, "cancelled by force"));
	r.created_ns = 1; /* is there already */
	assert_int_equal(0, deletes_put(&m->base, tenant, &r, &e));
	assert_int_equal(0, deletes_cancel(&m->base, tenant, bytes_str(r.id), 1, &e));
	r.created_ns = DELETES_MAX;
	assert_int_equal(0, deletes_put(&m->base, tenant, &r, &e));
	free(x.v);
	buf_release(&text);
}

/* By hand: nobody is asked whether there is room. */
static struct delete_request set_large(struct memory_store *m, int number, struct bytes query)
{
	struct delete_request r = { .query = query, .end_ns = 5, .created_ns = number };
	struct buf text = { 0 }, name = { 0 };

	deletes_set_id(&r);
	deletes_add_text(&text, &r);
	name_of(&name, &r, DELETES_REQUEST);
	memory_set(m, buf_str(&name), buf_bytes(&text));
	buf_release(&text);
	buf_release(&name);
	return r;
}

static void add_query(struct buf *b, size_t n)
{
	buf_add_str(b, "{a=\"b\"} |= \"");
	memset(buf_reserve(b, n), 'x', n);
	b->n += n;
	buf_add_str(b, "\"");
}

static void more_than_a_file_holds_is_told(void **unused)
{
	struct memory_store *m = *unused;
	const struct delete_merge x = { .store = &m->base, .tenant = tenant };
	struct buf query = { 0 };
	struct err e;

	add_query(&query, 1000000);
	for (int i = 0; i < 68; i++)
		(void)set_large(m, i, buf_bytes(&query));
	assert_int_equal(-1, deletes_merge(&x, &e));
	assert_int_equal(e.code, ERR_LIMIT);
	assert_non_null(strstr(e.msg, "68 requests"));
	assert_int_equal(count(m, DELETES_MERGED), 0);
	buf_release(&query);
}

/* They stand in merged files for a while. */
static void those_cancelled_have_a_bound_too(void **unused)
{
	struct memory_store *m = *unused;
	struct delete_request r = { .query = BYTES_LIT("{a=\"b\"}") };
	struct buf query = { 0 }, name = { 0 };
	struct err e;

	add_query(&query, 1000000);
	for (int i = 0; i < 26; i++) {
		struct delete_request large = set_large(m, i, buf_bytes(&query));

		assert_int_equal(i < 25 ? 0 : -1, deletes_put(&m->base, tenant, &r, &e));
		name_of(&name, &large, DELETES_CANCEL);
		memory_set(m, buf_str(&name), BYTES_LIT("{}"));
		r.created_ns++;
	}
	assert_int_equal(e.code, ERR_LIMIT);
	assert_non_null(strstr(e.msg, "those that were cancelled"));
	buf_release(&query);
	buf_release(&name);
}

static void queries_have_a_bound_together(void **unused)
{
	struct memory_store *m = *unused;
	struct delete_request r = { .end_ns = 5 };
	struct buf query = { 0 };
	struct err e = { 0 };
	int n = 0;

	add_query(&query, 100000);
	r.query = buf_bytes(&query);
	while (n < 200 && deletes_put(&m->base, tenant, &r, &e) == 0)
		r.created_ns = ++n;
	assert_int_equal(e.code, ERR_LIMIT);
	assert_int_equal(n, DELETES_QUERIES_MAX / query.n);
	buf_release(&query);
}

/* ---- the text ---- */

static void damage_is_found(void **unused)
{
	struct memory_store *m = *unused;
	struct delete_requests l;
	struct memory_file *f;
	struct err e;

	put_many(m, 17);
	merge(m);
	for (f = m->v; !strstr(f->name, ".requests"); f++)
		;
	for (size_t i = 0; i < f->text.n; i++) {
		f->text.p[i] ^= 1;
		if (deletes_list(&m->base, tenant, DELETES_IN_FORCE, &l, &e) == 0)
			fail_msg("a flipped bit at %zu is not seen", i);
		assert_true(e.code == ERR_CORRUPT || e.code == ERR_VERSION);
		f->text.p[i] ^= 1;
	}
	assert_int_equal(n_listed(m, DELETES_IN_FORCE), 17);
	buf_reset(&f->text);
	memset(buf_reserve(&f->text, MERGED_MAX + 1), ' ', MERGED_MAX + 1);
	f->text.n = MERGED_MAX + 1;
	assert_int_equal(-1, deletes_list(&m->base, tenant, DELETES_IN_FORCE, &l, &e));
	assert_int_equal(e.code, ERR_LIMIT);
}

static void what_is_no_merged_file_is_refused(void **unused)
{
#define ONE                                                                                  \
	"{\"version\":1,\"id\":\"3fe4036b681325ac\",\"query\":\"{app=\\\"web\\\"} |= "       \
	"\\\"card=\\\"\",\"start\":\"1768471200000000000\",\"end\":\"1768474799999999999\"," \
	"\"created\":\"1768557600000000000\"}"
	static const struct {
		const char *text, *says;
		enum err_code code;
	} cases[] = {
		{ "", "expected a JSON object", ERR_CORRUPT },
		{ "[]", "expected a JSON object", ERR_CORRUPT },
		{ "{} {}", "behind", ERR_CORRUPT },
		{ "{}", "no version", ERR_CORRUPT },
		{ "{\"version\":2}", "version 2", ERR_VERSION },
		{ "{\"version\":1}", "expected replaces", ERR_CORRUPT },
		{ "{\"version\":1,\"replaces\":{},\"requests\":[]}", "an array", ERR_CORRUPT },
		{ "{\"version\":1,\"replaces\":[\"../x\"],\"requests\":[]}", "no file",
		  ERR_CORRUPT },
		{ "{\"version\":1,\"replaces\":[1],\"requests\":[]}", "no file", ERR_CORRUPT },
		{ "{\"version\":1,\"replaces\":[\"3fe4036b681325ac.json\","
		  "\"3fe4036b681325ac.json\"],\"requests\":[]}",
		  "not in order", ERR_CORRUPT },
		{ "{\"version\":1,\"replaces\":[\"3fe4036b681325ac.cancel.json\"],"
		  "\"requests\":[]}",
		  "no file", ERR_CORRUPT },
		{ "{\"version\":1,\"replaces\":[],\"requests\":[{\"id\":1}]}", "no version",
		  ERR_CORRUPT },
		{ "{\"version\":1,\"replaces\":[],\"requests\":[" ONE "," ONE "]}", "its place",
		  ERR_CORRUPT },
		{ "{\"version\":1,\"replaces\":[],\"requests\":[" ONE " " ONE "]}",
		  "expected ',' or ']'", ERR_CORRUPT },
	};
	static const char good[] =
		"{\"by\":1, \"version\":1, \"requests\": [ " ONE " ] , \"replaces\":[ ]}";
	struct arena a = { 0 };
	struct merged m;
	struct err e;

	(void)unused;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		assert_int_equal(-1, merged_parse_text(bytes_str(cases[i].text),
						       (struct bytes){ 0 }, &a, &m, &e));
		assert_int_equal(e.code, cases[i].code);
		if (!strstr(e.msg, cases[i].says))
			fail_msg("%s: %s", cases[i].text, e.msg);
	}
	assert_int_equal(0, merged_parse_text(bytes_str(good), (struct bytes){ 0 }, &a, &m, &e));
	assert_int_equal(m.n, 1);
	assert_string_equal(m.v[0].id, "3fe4036b681325ac");
	assert_int_equal(-1, merged_parse_text(bytes_str(good),
					       BYTES_LIT("0123456789abcdef0123456789abcdef"), &a,
					       &m, &e));
	assert_non_null(strstr(e.msg, "have the hash"));
	arena_release(&a);
}

/* ---- receipts that programs of before have left beside the requests ---- */

static void set_receipt(struct memory_store *m, const struct delete_request *r, const char *text)
{
	struct buf name = { 0 };

	name_of(&name, r, DELETES_RECEIPT);
	memory_set(m, buf_str(&name), bytes_str(text));
	buf_release(&name);
}

static const struct memory_file *receipt_of(struct memory_store *m, const struct delete_request *r)
{
	struct buf name = { 0 };
	const struct memory_file *ret;

	deletes_add_receipt(&name, tenant, bytes_str(r->id));
	ret = memory_get(m, buf_str(&name));
	buf_release(&name);
	return ret;
}

static bool is_text(const struct memory_file *f, const char *text)
{
	return f && bytes_is(buf_bytes(&f->text), text);
}

static void cancel(struct memory_store *m, const struct delete_request *r)
{
	struct err e;

	assert_int_equal(0, deletes_cancel(&m->base, tenant, bytes_str(r->id), m->now_ns, &e));
}

static void receipts_are_moved(void **unused)
{
	struct memory_store *m = *unused;
	const struct delete_request r[] = { put(m, 1), put(m, 2), put(m, 3) };
	const struct delete_merge dry = { .store = &m->base, .tenant = tenant, .dry_run = true };
	struct buf name = { 0 };
	struct err e;

	for (int i = 0; i < 3; i++)
		set_receipt(m, &r[i], "old");
	cancel(m, &r[1]);
	deletes_add_receipt(&name, tenant, bytes_str(r[2].id));
	memory_set(m, buf_str(&name), BYTES_LIT("new"));
	assert_int_equal(0, deletes_merge(&dry, &e));
	assert_int_equal(count(m, DELETES_RECEIPT), 3);
	merge(m);
	assert_int_equal(count(m, DELETES_RECEIPT), 0);
	assert_true(is_text(receipt_of(m, &r[0]), "old"));
	assert_true(is_text(receipt_of(m, &r[1]), "old"));
	assert_true(is_text(receipt_of(m, &r[2]), "new"));
	assert_int_equal(n_listed(m, DELETES_IN_FORCE), 2);
	buf_release(&name);
}

static void so_many_receipts_a_run(void **unused)
{
	struct memory_store *m = *unused;

	for (unsigned i = 0; i < 300; i++) {
		const struct delete_request r = { .id = "" };
		struct delete_request x = r;

		snprintf(x.id, sizeof(x.id), "%016x", i);
		set_receipt(m, &x, "old");
	}
	merge(m);
	assert_int_equal(count(m, DELETES_RECEIPT), 44);
	merge(m);
	assert_int_equal(count(m, DELETES_RECEIPT), 0);
	assert_int_equal(m->n, 300);
}

/* What happens before a call of a run. */
struct meanwhile {
	struct memory_store *m;
	const struct delete_request *r; /* taken away; NULL: the run is killed */
	unsigned at, calls;
};

static int do_meanwhile(void *data, enum memory_at at, struct err *e)
{
	struct meanwhile *x = data;
	struct buf name = { 0 };

	if (at != MEMORY_BEFORE || x->calls++ != x->at)
		return 0;
	if (!x->r)
		return err_set(e, ERR_IO, "killed");
	name_of(&name, x->r, DELETES_RECEIPT);
	memory_remove(x->m, buf_str(&name));
	buf_reset(&name);
	deletes_add_receipt(&name, tenant, bytes_str(x->r->id));
	memory_remove(x->m, buf_str(&name));
	buf_release(&name);
	return 0;
}

/* Returns the number of calls. */
static unsigned merge_meanwhile(struct memory_store *m, const struct delete_request *r, unsigned at)
{
	const struct delete_merge merge = { .store = &m->base, .tenant = tenant };
	struct meanwhile x = { m, r, at, 0 };
	struct err e;

	m->step = do_meanwhile;
	m->data = &x;
	if (deletes_merge(&merge, &e) < 0 && (r || e.code != ERR_IO))
		fail_msg("%s", e.msg);
	m->step = NULL;
	return x.calls;
}

static void who_is_killed_leaves_the_receipt(void **unused)
{
	struct memory_store *m = *unused;
	const struct delete_request r = put(m, 1);
	struct buf new = { 0 };
	unsigned at = 0, calls;

	deletes_add_receipt(&new, tenant, bytes_str(r.id));
	do {
		set_receipt(m, &r, "old");
		memory_remove(m, buf_str(&new));
		calls = merge_meanwhile(m, NULL, at++);
		assert_true(count(m, DELETES_RECEIPT) == 1 || is_text(receipt_of(m, &r), "old"));
	} while (calls >= at);
	assert_true(at > 4);
	assert_int_equal(count(m, DELETES_RECEIPT), 0);
	buf_release(&new);
}

/* There is more to be done about the request: nobody says any more that all is. */
static void a_receipt_that_is_taken_away_does_not_come_back(void **unused)
{
	struct memory_store *m = *unused;
	const struct delete_request r = put(m, 1);
	unsigned at = 1, calls; /* the first lists */

	do {
		set_receipt(m, &r, "old");
		calls = merge_meanwhile(m, &r, at++);
		assert_true(calls < at || !receipt_of(m, &r));
		assert_int_equal(count(m, DELETES_RECEIPT), 0);
	} while (calls >= at);
	assert_true(at > 4);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_few_stay_as_they_are),
		TEST(many_are_read_from_one_file),
		TEST(a_minute_at_least_what_was_replaced_stays),
		TEST(more_come_into_the_next),
		TEST(one_in_a_merged_file_is_cancelled),
		TEST(who_knows_no_merged_files_is_stopped),
		TEST(what_a_merged_file_replaces_but_does_not_say_stays),
		TEST(of_more_than_the_bound_one_is_refused),
		TEST(queries_have_a_bound_together),
		TEST(those_cancelled_have_a_bound_too),
		TEST(more_than_a_file_holds_is_told),
		TEST(damage_is_found),
		TEST(what_is_no_merged_file_is_refused),
		TEST(receipts_are_moved),
		TEST(so_many_receipts_a_run),
		TEST(who_is_killed_leaves_the_receipt),
		TEST(a_receipt_that_is_taken_away_does_not_come_back),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
