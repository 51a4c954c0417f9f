/* Requests to delete: what they mean, how they lie in a store, what is no request. */
#include "store_fixture.h"

#include "deletes/filter.h"

static struct delete_request request(const char *query, int64_t start, int64_t end)
{
	return (struct delete_request){
		.query = bytes_str(query), .start_ns = start, .end_ns = end, .created_ns = 77
	};
}

static struct delete_request put(struct fixture *f, const char *tenant, const char *query,
				 int64_t start, int64_t end)
{
	struct delete_request r = request(query, start, end);
	struct err e;

	if (deletes_put(f->s, bytes_str(tenant), &r, &e) < 0)
		fail_msg("%s", e.msg);
	return r;
}

static struct delete_requests list(struct fixture *f, const char *tenant, enum deletes_which which)
{
	struct delete_requests l;
	struct err e;

	if (deletes_list(f->s, bytes_str(tenant), which, &l, &e) < 0)
		fail_msg("%s", e.msg);
	return l;
}

static void what_is_put_is_listed_until_it_is_cancelled(void **state)
{
	struct fixture *f = *state;
	struct delete_request a = put(f, "t", "{app=\"a\"} |= \"x\\\"y\"", 5, 9), b, again;
	struct delete_requests l;
	struct err e;

	b = put(f, "t", "{app=\"b\"}", -3, 7);
	again = put(f, "t", "{app=\"b\"}", -3, 7);
	assert_string_equal(b.id, again.id);
	assert_string_not_equal(a.id, b.id);
	l = list(f, "other", DELETES_ALL);
	assert_int_equal(l.n, 0);
	deletes_release(&l);
	l = list(f, "t", DELETES_IN_FORCE);
	assert_int_equal(l.n, 2);
	assert_true(strcmp(l.v[0].id, l.v[1].id) < 0);
	for (size_t i = 0; i < 2; i++) {
		if (strcmp(l.v[i].id, a.id) != 0)
			continue;
		assert_bytes(l.v[i].query, "{app=\"a\"} |= \"x\\\"y\"");
		assert_int_equal(l.v[i].start_ns, 5);
		assert_int_equal(l.v[i].end_ns, 9);
		assert_int_equal(l.v[i].created_ns, 77);
		assert_false(l.v[i].cancelled || l.v[i].has_receipt);
	}
	deletes_release(&l);
	assert_int_equal(0, deletes_cancel(f->s, BYTES_LIT("t"), bytes_str(b.id), 99, &e));
	assert_int_equal(0, deletes_cancel(f->s, BYTES_LIT("t"), bytes_str(b.id), 99, &e));
	l = list(f, "t", DELETES_IN_FORCE);
	assert_int_equal(l.n, 1);
	assert_string_equal(l.v[0].id, a.id);
	deletes_release(&l);
	l = list(f, "t", DELETES_ALL);
	assert_int_equal(l.n, 2);
	assert_true(l.v[0].cancelled != l.v[1].cancelled);
	deletes_release(&l);
	assert_int_equal(-1, deletes_cancel(f->s, BYTES_LIT("u"), bytes_str(b.id), 99, &e));
	assert_int_equal(e.code, ERR_NO);
	assert_int_equal(-1, deletes_cancel(f->s, BYTES_LIT("t"), BYTES_LIT("../x"), 99, &e));
	assert_int_equal(e.code, ERR_NO);
}

static void files_that_are_not_ours_are_none(void **state)
{
	static const char *const names[] = { "t/deletes/README", "t/deletes/x.json",
					     "t/deletes/0123456789abcdef.txt",
					     "t/deletes/0123456789abcdef.cancel.json",
					     "t/deletes/0123456789ABCDEF.json" };
	struct fixture *f = *state;
	struct delete_requests l;
	struct delete_request r = put(f, "t", "{a=\"b\"}", 1, 2);
	struct buf name = { 0 };
	struct err e;

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		assert_int_equal(
			0, store_put_named(f->s, names[i], BYTES_LIT("x"), STORE_PUT_ANY, &e));
	deletes_add_name(&name, BYTES_LIT("t"), bytes_str(r.id), DELETES_RECEIPT);
	assert_int_equal(0,
			 store_put_named(f->s, buf_str(&name), BYTES_LIT("x"), STORE_PUT_ANY, &e));
	l = list(f, "t", DELETES_ALL);
	assert_int_equal(l.n, 1);
	assert_true(l.v[0].has_receipt);
	deletes_release(&l);
	buf_release(&name);
}

/* Queries do not list the receipts; who asks for the status does. */
static void a_receipt_lies_apart(void **state)
{
	struct fixture *f = *state;
	const struct delete_request r = put(f, "t", "{a=\"b\"}", 1, 2);
	const struct delete_request other = put(f, "t", "{a=\"c\"}", 1, 2);
	struct delete_requests l;
	struct buf name = { 0 };
	uint64_t before, after;
	struct err e;

	assert_int_equal(0, deletes_generation(f->s, BYTES_LIT("t"), &before, &e));
	deletes_add_receipt(&name, BYTES_LIT("t"), bytes_str(r.id));
	assert_int_equal(0,
			 store_put_named(f->s, buf_str(&name), BYTES_LIT("x"), STORE_PUT_ANY, &e));
	assert_int_equal(0, deletes_generation(f->s, BYTES_LIT("t"), &after, &e));
	assert_true(before != after);
	l = list(f, "t", DELETES_IN_FORCE);
	assert_int_equal(l.n, 2);
	assert_int_equal(l.n_files, 2);
	assert_false(l.v[0].has_receipt || l.v[1].has_receipt);
	deletes_release(&l);
	l = list(f, "t", DELETES_WITH_STATUS);
	assert_int_equal(l.n, 2);
	for (size_t i = 0; i < l.n; i++)
		assert_int_equal(l.v[i].has_receipt, strcmp(l.v[i].id, other.id) != 0);
	deletes_release(&l);
	buf_release(&name);
}

/* Who asks must not go on as if there were no request. */
static void a_damaged_request_is_an_error(void **state)
{
	struct fixture *f = *state;
	struct delete_request r = put(f, "t", "{a=\"b\"}", 1000, 2000);
	struct buf name = { 0 }, text = { 0 };
	struct delete_requests l;
	struct arena a = { 0 };
	struct err e;

	deletes_add_name(&name, BYTES_LIT("t"), bytes_str(r.id), DELETES_REQUEST);
	assert_int_equal(0, store_get(f->s, buf_str(&name), DELETES_FILE_MAX, &text, &e));
	for (size_t i = 0; i < text.n; i++) {
		struct delete_request got;
		char was = text.p[i];

		text.p[i] ^= 1;
		if (deletes_parse_text(buf_bytes(&text), r.id, &a, &got, &e) == 0 &&
		    memcmp(got.id, r.id, sizeof(r.id)) != 0)
			fail_msg("a flipped bit at %zu is not seen: %s", i, buf_str(&text));
		text.p[i] = was;
	}
	for (size_t i = 0; i + 1 < text.n; i++)
		assert_int_equal(-1, deletes_parse_text(bytes_of(text.p, i), NULL, &a, &r, &e));
	assert_int_equal(0,
			 store_put_named(f->s, buf_str(&name), BYTES_LIT("{}"), STORE_PUT_ANY, &e));
	assert_int_equal(-1, deletes_list(f->s, BYTES_LIT("t"), DELETES_IN_FORCE, &l, &e));
	assert_int_equal(e.code, ERR_CORRUPT);
	assert_non_null(strstr(e.msg, buf_str(&name)));
	assert_int_equal(0, store_put_named(f->s, buf_str(&name), BYTES_LIT("{\"version\":2}"),
					    STORE_PUT_ANY, &e));
	assert_int_equal(-1, deletes_list(f->s, BYTES_LIT("t"), DELETES_IN_FORCE, &l, &e));
	assert_int_equal(e.code, ERR_VERSION);
	buf_reset(&text);
	memset(buf_reserve(&text, DELETES_FILE_MAX + 1), ' ', DELETES_FILE_MAX + 1);
	text.n = DELETES_FILE_MAX + 1;
	assert_int_equal(
		0, store_put_named(f->s, buf_str(&name), buf_bytes(&text), STORE_PUT_ANY, &e));
	assert_int_equal(-1, deletes_list(f->s, BYTES_LIT("t"), DELETES_IN_FORCE, &l, &e));
	assert_int_equal(e.code, ERR_LIMIT);
	arena_release(&a);
	buf_release(&name);
	buf_release(&text);
}

static void members_of_others_are_skipped(void **state)
{
	struct delete_request r = request("{a=\"b\"}", 1, 2), got;
	struct buf text = { 0 };
	struct arena a = { 0 };
	struct err e;

	(void)state;
	deletes_set_id(&r);
	deletes_add_text(&text, &r);
	text.n -= 2; /* the brace and the newline */
	buf_add_str(&text, ", \"by\": {\"id\": [1, \"x\"]} }\n");
	assert_int_equal(0, deletes_parse_text(buf_bytes(&text), r.id, &a, &got, &e));
	assert_bytes(got.query, "{a=\"b\"}");
	assert_int_equal(-1,
			 deletes_parse_text(buf_bytes(&text), "0123456789abcdef", &a, &got, &e));
	assert_int_equal(e.code, ERR_CORRUPT);
	buf_addf(&text, "{}");
	assert_int_equal(-1, deletes_parse_text(buf_bytes(&text), r.id, &a, &got, &e));
	arena_release(&a);
	buf_release(&text);
}

static bool means(const char *query, const char *app, int64_t ts, const char *line)
{
	struct label v = { BYTES_LIT("app"), bytes_str(app) };
	struct labels l = { &v, 1 };
	struct delete_request r = request(query, 10, 20);
	struct delete_filter f;
	struct err e;
	bool ret;

	if (delete_filter_init(&f, &r, &e) < 0)
		fail_msg("%s: %s", query, e.msg);
	ret = delete_filter_wants(&f, &l) && delete_filter_means(&f, ts, bytes_str(line));
	delete_filter_release(&f);
	return ret;
}

static void selector_times_and_lines_must_all_fit(void **state)
{
	(void)state;
	assert_true(means("{app=\"a\"}", "a", 10, ""));
	assert_true(means("{app=\"a\"}", "a", 20, "x"));
	assert_false(means("{app=\"a\"}", "a", 9, "x"));
	assert_false(means("{app=\"a\"}", "a", 21, "x"));
	assert_false(means("{app=\"a\"}", "b", 15, "x"));
	assert_true(means("{app=~\"a|b\"} |= \"x\" != \"y\"", "b", 15, "axb"));
	assert_false(means("{app=~\"a|b\"} |= \"x\" != \"y\"", "b", 15, "xy"));
	assert_true(means("{app=\"a\"} |~ \"(?i)card [0-9]{4}\"", "a", 15, "CARD 1234"));
	assert_false(means("{app=\"a\"} |~ \"(?i)card [0-9]{4}\"", "a", 15, "CARD x234"));
	assert_true(means("{app=\"a\"} |= ip(\"10.0.0.0/8\")", "a", 15, "from 10.1.2.3"));
	assert_true(means("{app=\"a\"} |> \"<_> gone\"", "a", 15, "all gone"));
	assert_false(means("{app=\"a\"} !> \"<_> gone\"", "a", 15, "all gone"));
	assert_true(means("{app=\"a\"} |= \"u\" or \"v\"", "a", 15, "v"));
}

static void what_is_no_request_is_refused(void **state)
{
	static const struct {
		const char *query, *says;
	} cases[] = {
		{ "", "syntax error" },
		{ "{}", "at least one" },
		{ "{app=~\".*\"}", "at least one" },
		{ "{app=\"a\"} | json", "only line filters" },
		{ "{app=\"a\"} |= \"x\" | level=\"y\"", "only line filters" },
		{ "{app=\"a\"} |~ \"(\"", "error parsing regexp" },
		{ "count_over_time({app=\"a\"}[1m])", "expected a selector" },
		{ "{app=\"a\"} |= \"\xff\"", "UTF-8" },
	};
	struct fixture *f = *state;
	struct delete_requests l;
	struct delete_request r;
	struct err e;

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		r = request(cases[i].query, 1, 2);
		assert_int_equal(-1, deletes_put(f->s, BYTES_LIT("t"), &r, &e));
		assert_int_equal(e.code, ERR_QUERY);
		if (!strstr(e.msg, cases[i].says))
			fail_msg("%s: %s", cases[i].query, e.msg);
	}
	r = request("{app=\"a\"}", 3, 2);
	assert_int_equal(-1, deletes_put(f->s, BYTES_LIT("t"), &r, &e));
	assert_int_equal(e.code, ERR_USAGE);
	l = list(f, "t", DELETES_ALL);
	assert_int_equal(l.n, 0);
	deletes_release(&l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_is_put_is_listed_until_it_is_cancelled, setup,
						teardown),
		cmocka_unit_test_setup_teardown(files_that_are_not_ours_are_none, setup, teardown),
		cmocka_unit_test_setup_teardown(a_receipt_lies_apart, setup, teardown),
		cmocka_unit_test_setup_teardown(a_damaged_request_is_an_error, setup, teardown),
		cmocka_unit_test(members_of_others_are_skipped),
		cmocka_unit_test(selector_times_and_lines_must_all_fit),
		cmocka_unit_test_setup_teardown(what_is_no_request_is_refused, setup, teardown),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
