/* What is hidden: what there is to read about it, in how many rounds, and of which blocks nothing
 * is. */
#include "store_fixture.h"
#include "remote.h"

#include "limits/file.h"
#include "query/source.h"

static void put(struct fixture *f, const char *tenant, const char *query, int64_t start,
		int64_t end)
{
	struct delete_request r = { .query = bytes_str(query), .start_ns = start, .end_ns = end };
	struct err e;

	assert_int_equal(0, deletes_put(f->s, bytes_str(tenant), &r, &e));
}

static void put_limits(struct fixture *f, const char *text)
{
	struct err e;

	assert_int_equal(
		0, store_put_named(f->s, LIMITS_OF_STORE, bytes_str(text), STORE_PUT_ANY, &e));
}

static const int64_t DAY_NS = INT64_C(86400) * 1000000000;

static struct hide *open_hide(struct store *s, const char *tenants, int64_t now)
{
	const struct source_opts o = { .tenant = bytes_str(tenants), .now_ns = now };
	struct hide *h;
	struct err e;

	if (hide_open(&o, s, &h, &e) < 0)
		fail_msg("%s", e.msg);
	return h;
}

static void without_files_nothing_is_kept(void **state)
{
	struct fixture *f = *state;

	assert_null(open_hide(f->s, "fake|other", 5));
	assert_null(open_hide(NULL, "fake", 5));
	put_limits(
		f,
		"limits_config: {retention_period: 0s}\noverrides: {a: {retention_period: 1d}}\n");
	assert_null(open_hide(f->s, "fake|other", 5));
	put(f, "b", "{app=\"x\"}", 1, 2);
	assert_null(open_hide(f->s, "fake|other", 5));
	/* What never was is not older than anything. */
	assert_true(hide_from(NULL, BYTES_LIT("fake")) == INT64_MIN);
	assert_false(hide_touches(NULL, BYTES_LIT("fake"), INT64_MIN, INT64_MAX));
}

static struct hide_stream stream_of(const struct hide *h, struct arena *a, const char *tenant,
				    const char *app)
{
	struct label v = { BYTES_LIT("app"), bytes_str(app) };
	struct labels l = { &v, 1 };

	return hide_stream_of(h, a, bytes_str(tenant), &l);
}

static void each_tenant_and_stream_has_its_own(void **state)
{
	struct fixture *f = *state;
	struct arena a = { 0 };
	struct hide_stream x, y;
	struct hide *h;

	put_limits(f, "limits_config: {retention_period: 2d}\n"
		      "overrides: {b: {retention_period: 0s}}\n");
	put(f, "b", "{app=\"x\"}", 100, 200);
	h = open_hide(f->s, "a|b", 10 * DAY_NS);
	assert_non_null(h);
	assert_true(hide_from(h, BYTES_LIT("a")) == 8 * DAY_NS);
	assert_true(hide_from(h, BYTES_LIT("b")) == INT64_MIN);
	assert_true(hide_touches(h, BYTES_LIT("a"), 8 * DAY_NS - 1, INT64_MAX));
	assert_false(hide_touches(h, BYTES_LIT("a"), 8 * DAY_NS, INT64_MAX));
	assert_true(hide_touches(h, BYTES_LIT("b"), 200, 300));
	assert_false(hide_touches(h, BYTES_LIT("b"), 201, 300));
	x = stream_of(h, &a, "b", "x");
	y = stream_of(h, &a, "b", "y");
	assert_int_equal(x.n, 1);
	assert_int_equal(y.n, 0);
	assert_true(stream_of(h, &a, "a", "x").from_ns == 8 * DAY_NS);
	assert_true(stream_of(h, &a, "", "x").from_ns == INT64_MIN);
	hide_close(h);
	arena_release(&a);
}

static void what_was_applied_touches_nothing(void **state)
{
	struct fixture *f = *state;
	struct delete_requests l;
	struct hide_applied none = { 0 }, applied = { 0 };
	struct arena a = { 0 };
	struct hide_stream x;
	struct bytes id[2];
	struct hide *h;
	struct err e;

	put(f, "b", "{app=\"x\"}", 100, 200);
	put(f, "b", "{app=\"x\"} |= \"y\"", 150, 300);
	assert_int_equal(0, deletes_list(f->s, BYTES_LIT("b"), DELETES_ALL, &l, &e));
	assert_int_equal(l.n, 2);
	for (size_t i = 0; i < 2; i++)
		id[l.v[i].end_ns == 300] = bytes_str(l.v[i].id);
	h = open_hide(f->s, "b", 0);
	x = stream_of(h, &a, "b", "x");
	assert_true(hide_stream_touches(&x, &none, 0, 100));
	assert_false(hide_stream_touches(&x, &none, 0, 99));
	assert_false(hide_stream_touches(&x, &none, 301, 400));
	applied = (struct hide_applied){ id, 1 };
	assert_false(hide_stream_touches(&x, &applied, 0, 149));
	assert_true(hide_stream_touches(&x, &applied, 0, 150));
	applied.n = 2;
	assert_false(hide_stream_touches(&x, &applied, 0, 400));
	/* Lines are looked at where one asks for them. */
	assert_int_equal(hide_stream_wants(&x, 0, 149), WANT_TS);
	assert_int_equal(hide_stream_wants(&x, 0, 150), WANT_TS | WANT_LENS | WANT_LINES);
	hide_close(h);
	deletes_release(&l);
	arena_release(&a);
}

/* Limits and lists of requests at once, then requests, several at once. */
static void a_remote_store_is_asked_in_few_rounds(void **state)
{
	struct fixture *f = *state;
	struct remote *r = remote_open(f->path);
	struct hide *h;

	assert_null(open_hide(&r->base, "a|b|c", 5 * DAY_NS));
	assert_int_equal(r->rounds, 1);
	put_limits(f, "limits_config: {retention_period: 2d}\n");
	for (int i = 0; i < 100; i++) {
		put(f, "a", "{app=\"x\"}", i, 1000);
		put(f, "b", "{app=\"x\"}", i, 1000);
	}
	r->rounds = 0;
	h = open_hide(&r->base, "a|b|c", 5 * DAY_NS);
	assert_non_null(h);
	assert_in_range(r->rounds, 1, 3); /* one tenant may list while another reads */
	assert_int_equal(r->most, 64);
	hide_close(h);
	store_close(&r->base);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(without_files_nothing_is_kept, setup, teardown),
		cmocka_unit_test_setup_teardown(each_tenant_and_stream_has_its_own, setup,
						teardown),
		cmocka_unit_test_setup_teardown(what_was_applied_touches_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(a_remote_store_is_asked_in_few_rounds, setup,
						teardown),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
