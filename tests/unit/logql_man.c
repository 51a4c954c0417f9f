/*
 * Each query that logql(7) shows parses, and each template gives what it says. Every line of a
 * literal block there is a query, but for blocks that begin with a comment: such a block holds
 * messages, or templates, each with its output behind three blanks.
 */
#include "unit.h"

#include "base/io.h"
#include "logql/parse.h"
#include "template/template.h"

enum { PAGE_MAX = 1 << 20 };

/* What mdoc makes of a literal line. */
static void unescape(struct bytes line, struct buf *out)
{
	buf_reset(out);
	for (size_t i = 0; i < line.n; i++) {
		struct bytes rest = bytes_sub(line, i, line.n);

		if (bytes_starts(rest, BYTES_LIT("\\e"))) {
			buf_add_char(out, '\\');
			i++;
		} else if (bytes_starts(rest, BYTES_LIT("\\&"))) {
			i++;
		} else {
			buf_add_char(out, line.p[i]);
		}
	}
}

static void check_query(void *ctx, struct bytes line, size_t number)
{
	struct logql_opts opts = { .flags = LOGQL_ALLOW_VARIANTS };
	struct buf text = { 0 };
	struct logql_query q;
	struct err e;

	(void)ctx;
	unescape(line, &text);
	if (logql_parse(buf_bytes(&text), &opts, &q, NULL, &e) < 0)
		fail_msg("man/logql.7:%zu: %s: %s", number, buf_str(&text), e.msg);
	logql_query_release(&q);
	buf_release(&text);
}

/* Calls check for each line of the literal blocks that begin with `begin`; gives their number. */
static size_t each_line(struct bytes begin,
			void (*check)(void *ctx, struct bytes line, size_t number), void *ctx)
{
	struct buf page = { 0 };
	struct bytes rest, line;
	size_t n = 0, number = 0;
	bool inside = false;
	struct err e;

	if (io_read_file("man/logql.7", PAGE_MAX, &page, &e) < 0)
		fail_msg("%s", e.msg);
	rest = buf_bytes(&page);
	while (bytes_split(&rest, '\n', &line)) {
		number++;
		if (line.n > 0 && line.p[0] == '.') {
			inside = bytes_starts(line, begin);
		} else if (inside) {
			check(ctx, line, number);
			n++;
		}
	}
	buf_release(&page);
	return n;
}

static void test_examples(void **state)
{
	(void)state;
	assert_true(each_line(BYTES_LIT(".Bd -literal"), check_query, NULL) > 60);
}

/* --- templates --------------------------------------------------------------------------- */

static const struct template_label labels[] = { { { "app", 3 }, { "shop", 4 } },
						{ { "n", 1 }, { "12.5", 4 } } };

static struct bytes get_label(void *ctx, size_t i)
{
	struct bytes name = template_name(ctx, i);

	for (size_t k = 0; k < sizeof(labels) / sizeof(*labels); k++)
		if (bytes_eq(name, labels[k].name))
			return labels[k].value;
	return BYTES_LIT("");
}

static size_t get_labels(void *ctx, struct arena *mem, struct template_label **ret)
{
	(void)ctx;
	*ret = arena_alloc(mem, sizeof(labels));
	memcpy(*ret, labels, sizeof(labels));
	return sizeof(labels) / sizeof(*labels);
}

static size_t output_at(struct bytes text)
{
	size_t at = 0;

	for (size_t i = 0; i + 3 < text.n; i++)
		if (memcmp(text.p + i, "   ", 3) == 0)
			at = i + 3;
	return at;
}

static void check_template(void *run, struct bytes line, size_t number)
{
	struct template_entry entry = { .line = BYTES_LIT("the line"),
					.ts_ns = INT64_C(1768472231328620347),
					.label = get_label,
					.labels = get_labels };
	struct template *t;
	struct buf text = { 0 };
	struct bytes out, want;
	struct err e;
	size_t at;

	unescape(line, &text);
	at = output_at(buf_bytes(&text));
	if (at == 0)
		fail_msg("man/logql.7:%zu: no output behind a template", number);
	want = bytes_sub(buf_bytes(&text), at, text.n);
	t = template_parse(BYTES_LIT("line"), bytes_of(text.p, at - 3), &e);
	if (!t)
		fail_msg("man/logql.7:%zu: %s", number, e.msg);
	entry.ctx = t;
	if (template_execute(t, run, &entry, &out) < 0 || !bytes_eq(out, want))
		fail_msg("man/logql.7:%zu: gives '%.*s'", number, BYTES_ARG(out));
	template_free(t);
	buf_release(&text);
}

static void test_templates(void **state)
{
	struct template_run *run = template_run_new();

	(void)state;
	assert_true(each_line(BYTES_LIT(".\\\" templates"), check_template, run) > 40);
	template_run_free(run);
}

int main(void)
{
	static const struct CMUnitTest tests[] = { cmocka_unit_test(test_examples),
						   cmocka_unit_test(test_templates) };

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
