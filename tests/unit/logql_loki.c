/*
 * The parser against real answers of Loki: which queries it takes and refuses, where it says that
 * the error is, and what format_query makes of them. The answers lie beside the repository, in
 * SHARED/conformance/cases.jsonl (SHARED is ../shared unless set); without them this is skipped.
 */
#include "unit.h"

#include "base/io.h"
#include "json/json.h"
#include "logql/parse.h"
#include "logql/print.h"

enum { CASES_MAX = 64 << 20 };

struct corpus {
	struct buf text;
	struct buf query, error, data; /* of the current case, escapes resolved */
	struct bytes group, kind;
	bool has_query;
	int64_t status;
};

static const char *shared_dir(void)
{
	const char *dir = getenv("SHARED");

	return dir ? dir : "../shared";
}

static int setup(void **state)
{
	struct corpus *c = calloc(1, sizeof(*c));
	struct buf path = { 0 };
	struct err e;

	assert_non_null(c);
	buf_addf(&path, "%s/conformance/cases.jsonl", shared_dir());
	if (io_read_file(buf_str(&path), CASES_MAX, &c->text, &e) < 0)
		print_message("# skipped: %s\n", e.msg);
	buf_release(&path);
	*state = c;
	return 0;
}

static int teardown(void **state)
{
	struct corpus *c = *state;

	buf_release(&c->text);
	buf_release(&c->query);
	buf_release(&c->error);
	buf_release(&c->data);
	free(c);
	return 0;
}

static void unescape(struct bytes raw, struct buf *out)
{
	buf_reset(out);
	assert_true(raw.n >= 2 && raw.p[0] == '"');
	assert_true(json_unescape(bytes_sub(raw, 1, raw.n - 2), out));
}

/* Calls for each member of the object at text. */
static void each_member(struct corpus *c, struct bytes text,
			void (*member)(struct corpus *c, struct bytes key, struct bytes value))
{
	struct json_at j = json_start(text);
	struct bytes key, value;
	bool escaped;

	assert_true(json_take(&j, '{'));
	if (json_take(&j, '}'))
		return;
	do {
		json_skip_space(&j);
		assert_true(json_string(&j, &key, &escaped));
		assert_true(json_take(&j, ':'));
		json_skip_space(&j);
		assert_true(json_value(&j, &value));
		member(c, key, value);
	} while (json_take(&j, ','));
	assert_true(json_take(&j, '}'));
}

static void expect_member(struct corpus *c, struct bytes key, struct bytes value)
{
	if (bytes_is(key, "status"))
		c->status = strtol(value.p, NULL, 10);
	else if (bytes_is(key, "error") && value.p[0] == '"')
		unescape(value, &c->error);
	else if (bytes_is(key, "data") && value.p[0] == '"')
		unescape(value, &c->data);
	/* format_query wraps its answer once more */
	else if (bytes_is(key, "data") && value.p[0] == '{')
		each_member(c, value, expect_member);
}

static void case_member(struct corpus *c, struct bytes key, struct bytes value)
{
	if (bytes_is(key, "query") && value.p[0] == '"') {
		c->has_query = true;
		unescape(value, &c->query);
	} else if (bytes_is(key, "group")) {
		c->group = bytes_sub(value, 1, value.n - 2);
	} else if (bytes_is(key, "kind")) {
		c->kind = bytes_sub(value, 1, value.n - 2);
	} else if (bytes_is(key, "expect")) {
		each_member(c, value, expect_member);
	}
}

/* Takes the next case with a query of its own; false at the end. */
static bool next_case(struct corpus *c, struct bytes *rest)
{
	struct bytes line;

	while (bytes_split(rest, '\n', &line)) {
		if (line.n == 0)
			continue;
		c->has_query = false;
		c->status = 0;
		buf_reset(&c->error);
		buf_reset(&c->data);
		each_member(c, line, case_member);
		if (c->has_query)
			return true;
	}
	return false;
}

/* Templates are judged above the parser, and lookaround by the regex module; approx_topk came to
 * Loki with a version after the one that was asked. */
static bool is_judged_elsewhere(const struct corpus *c)
{
	struct bytes e = buf_bytes(&c->error);

	return memmem(e.p, e.n, "template: ", 10) || memmem(e.p, e.n, "Perl syntax", 11) ||
	       bytes_starts(buf_bytes(&c->query), BYTES_LIT("approx_topk("));
}

static bool is_parse_error(const struct corpus *c)
{
	return c->status == 400 && bytes_starts(buf_bytes(&c->error), BYTES_LIT("parse error"));
}

/* "parse error at line L, col C" of a message, the rest left out. */
static struct bytes place_of(struct bytes msg)
{
	const char *colon = memchr(msg.p, ':', msg.n);

	return colon ? bytes_sub(msg, 0, (size_t)(colon - msg.p)) : msg;
}

static void test_agrees(void **state)
{
	struct corpus *c = *state;
	struct bytes rest = buf_bytes(&c->text);
	size_t n = 0, n_refused = 0, n_elsewhere = 0, n_place = 0, n_words = 0, n_wrong = 0;

	if (rest.n == 0) {
		print_message("# skipped: the answers of Loki are not here\n");
		return;
	}
	while (next_case(c, &rest)) {
		struct logql_query q;
		struct err e = { .code = ERR_NONE };
		int rc;

		if (c->status != 200 && !is_parse_error(c))
			continue;
		n++;
		if (c->status != 200 && is_judged_elsewhere(c)) {
			n_elsewhere++;
			continue;
		}
		rc = logql_parse(buf_bytes(&c->query), NULL, &q, NULL, &e);
		if (rc == 0)
			logql_query_release(&q);
		if ((rc == 0) != (c->status == 200)) {
			n_wrong++;
			print_message("# %s: %s\n#   Loki: %s\n#   here: %s\n",
				      rc == 0 ? "taken" : "refused", buf_str(&c->query),
				      buf_str(&c->error), rc == 0 ? "" : e.msg);
		}
		if (rc == 0 || c->status == 200)
			continue;
		n_refused++;
		n_words += bytes_starts(bytes_str(e.msg), buf_bytes(&c->error));
		if (bytes_eq(place_of(bytes_str(e.msg)), place_of(buf_bytes(&c->error))))
			n_place++;
		else
			print_message("# place: %s\n#   Loki: %s\n#   here: %s\n",
				      buf_str(&c->query), buf_str(&c->error), e.msg);
		if (getenv("LOGQL_TEXTS") && !bytes_is(buf_bytes(&c->error), e.msg))
			print_message("# text: %s\n#   Loki: %s\n#   here: %s\n",
				      buf_str(&c->query), buf_str(&c->error), e.msg);
	}
	print_message("# %zu queries; %zu refused by both: %zu at the same place, %zu in the same "
		      "words; %zu for others to judge\n",
		      n, n_refused, n_place, n_words, n_elsewhere);
	assert_true(n > 1000);
	assert_int_equal(n_wrong, 0);
	assert_int_equal(n_place, n_refused);
}

static void test_format_query(void **state)
{
	struct corpus *c = *state;
	struct bytes rest = buf_bytes(&c->text);
	size_t n = 0, n_wrong = 0;

	if (rest.n == 0) {
		print_message("# skipped: the answers of Loki are not here\n");
		return;
	}
	while (next_case(c, &rest)) {
		struct logql_query q;
		struct buf out = { 0 };
		struct err e;

		if (!bytes_is(c->kind, "format_query") || c->data.n == 0)
			continue;
		n++;
		if (logql_parse(buf_bytes(&c->query), NULL, &q, NULL, &e) < 0) {
			n_wrong++;
			print_message("# %s: %s\n", buf_str(&c->query), e.msg);
			continue;
		}
		logql_print_pretty(&out, q.root);
		if (!bytes_eq(buf_bytes(&out), buf_bytes(&c->data))) {
			n_wrong++;
			print_message("# Loki: %s\n# here: %s\n", buf_str(&c->data), buf_str(&out));
		}
		buf_release(&out);
		logql_query_release(&q);
	}
	assert_true(n > 40);
	assert_int_equal(n_wrong, 0);
}

/* Every query that Loki takes comes back from its own print, and from the form over lines. */
static void test_round_trip(void **state)
{
	struct corpus *c = *state;
	struct bytes rest = buf_bytes(&c->text);
	size_t n = 0;

	if (rest.n == 0) {
		print_message("# skipped: the answers of Loki are not here\n");
		return;
	}
	while (next_case(c, &rest)) {
		struct logql_query q, again;
		struct buf out = { 0 };
		struct err e = { .code = ERR_NONE };

		if (c->status != 200)
			continue;
		assert_int_equal(logql_parse(buf_bytes(&c->query), NULL, &q, NULL, &e), 0);
		logql_print(&out, q.root);
		if (logql_parse(buf_bytes(&out), NULL, &again, NULL, &e) < 0)
			fail_msg("%s: %s", buf_str(&out), e.msg);
		assert_true(logql_expr_eq(q.root, again.root));
		logql_query_release(&again);
		buf_reset(&out);
		logql_print_pretty(&out, q.root);
		if (logql_parse(buf_bytes(&out), NULL, &again, NULL, &e) < 0)
			fail_msg("%s: %s", buf_str(&out), e.msg);
		logql_query_release(&again);
		logql_query_release(&q);
		buf_release(&out);
		n++;
	}
	assert_true(n > 1000);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_agrees),
		cmocka_unit_test(test_format_query),
		cmocka_unit_test(test_round_trip),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, setup, teardown);
}
