/* cli: values read from text, and options that are taken by their rows. */
#include "unit.h"

#include "cli/cli.h"
#include "cli/modes.h"
#include "cli/verbs.h"

static void values_are_read_whole_or_refused(void **state)
{
	static const char *const words[] = { "one", "two", "three", NULL };
	uint64_t v = 7;
	struct err e;
	int i = 7;

	(void)state;
	assert_int_equal(cli_read_count("12", 1, 12, &v, &e), 0);
	assert_int_equal(v, 12);
	assert_int_equal(cli_read_count("13", 1, 12, &v, &e), -1);
	assert_string_equal(e.msg, "expected at most 12, found '13'");
	assert_int_equal(cli_read_count("0", 1, 12, &v, &e), -1);
	assert_string_equal(e.msg, "expected at least 1, found '0'");
	assert_int_equal(cli_read_count("1x", 1, 12, &v, &e), -1);
	assert_string_equal(e.msg, "expected a whole number, found '1x'");
	assert_int_equal(v, 12); /* untouched by what was refused */
	assert_int_equal(cli_read_size("4KiB", 1, UINT64_MAX, &v, &e), 0);
	assert_int_equal(v, 4096);
	assert_int_equal(cli_read_size("4 apples", 1, UINT64_MAX, &v, &e), -1);
	assert_string_equal(e.msg, "expected a size as 64MiB, found '4 apples'");
	assert_int_equal(cli_read_size("5 apples", 1 << 20, UINT64_MAX, &v, &e), -1);
	assert_string_equal(e.msg, "expected a size as 64MiB, at least 1MiB, found '5 apples'");
	assert_int_equal(cli_read_size("1GB", 1, 64 << 20, &v, &e), -1);
	assert_string_equal(e.msg, "expected at most 64MiB, found '1GB'");
	assert_int_equal(cli_read_size("1KiB", 1 << 20, 64 << 20, &v, &e), -1);
	assert_string_equal(e.msg, "expected at least 1MiB, found '1KiB'");
	assert_int_equal(cli_read_size("0", 1, 64 << 20, &v, &e), -1);
	assert_string_equal(e.msg, "expected at least 1, found '0'");
	assert_int_equal(v, 4096);
	assert_int_equal(cli_read_word("two", words, &i, &e), 0);
	assert_int_equal(i, 1);
	assert_int_equal(cli_read_word("four", words, &i, &e), -1);
	assert_string_equal(e.msg, "expected one, two or three, found 'four'");
	assert_int_equal(e.code, ERR_USAGE);
	assert_int_equal(i, 1);
}

struct taken {
	bool quiet, loud;
	const char *name;
	uint64_t n, size;
};

static void rows_take_their_values(void **state)
{
	static const struct cli_opt opts[] = { { 'x', "exotic", "X", "for the program" }, { 0 } };
	static const struct cli_taken rows[] = {
		{ { 'q', "quiet", NULL, "" }, cli_take_flag, offsetof(struct taken, quiet) },
		{ { 0, "loud", NULL, "" }, cli_take_flag, offsetof(struct taken, loud) },
		{ { 0, "name", "NAME", "" }, cli_take_text, offsetof(struct taken, name) },
		{ { 'n', "limit", "N", "" }, cli_take_count, offsetof(struct taken, n) },
		{ { 0, "size", "SIZE", "" }, cli_take_size, offsetof(struct taken, size) },
		{ { 0 }, NULL, 0 },
	};
	char *argv[] = { "prog",       "-q",	 "--name=me", "first",	"-n3", "-x",
			 "of program", "--size", "1MiB",      "second", NULL };
	struct taken t = { 0 };
	struct cli c = { .prog = "prog", .opts = opts, .taken = rows, .data = &t };

	(void)state;
	assert_int_equal(cli_next(&c, 10, argv), 'x');
	assert_string_equal(cli_arg(&c), "of program");
	assert_int_equal(cli_next(&c, 10, argv), -1);
	assert_true(t.quiet);
	assert_false(t.loud);
	assert_string_equal(t.name, "me");
	assert_int_equal(t.n, 3);
	assert_int_equal(t.size, 1 << 20);
	assert_int_equal(c.n_operands, 2);
	assert_string_equal(c.operand[1], "second");
	assert_int_equal(cli_exit(&c), 0);
}

struct verbs_taken {
	bool all;
	struct taken first, second;
};

/* A program whose second verb has -n too, and --name of its own. */
static struct cli with_verbs(struct verbs_taken *t)
{
	static const struct cli_taken all[] = { { { 'a', "all", NULL, "" }, cli_take_flag, 0 },
						{ { 0 }, NULL, 0 } };
	static const struct cli_taken first[] = {
		{ { 'n', "limit", "N", "" }, cli_take_count, offsetof(struct taken, n) },
		{ { 0 }, NULL, 0 },
	};
	static const struct cli_taken second[] = {
		{ { 0, "name", "NAME", "" }, cli_take_text, offsetof(struct taken, name) },
		{ { 'n', "limit", "N", "" }, cli_take_count, offsetof(struct taken, n) },
		{ { 0 }, NULL, 0 },
	};
	static const struct cli_verb verbs[] = { { "first", "", "", NULL },
						 { "second", "", "", NULL },
						 { 0 } };
	static const struct cli_verb_options own[] = {
		{ first, offsetof(struct verbs_taken, first), NULL },
		{ second, offsetof(struct verbs_taken, second), NULL },
	};

	return (struct cli){
		.prog = "prog", .verbs = verbs, .verb_options = own, .taken = all, .data = t
	};
}

static void options_of_the_verb_are_taken(void **state)
{
	char *argv[][8] = { { "prog", "second", "x", "--name", "first", "-n3", "-a", NULL },
			    { "prog", "--name", "first", "-an3", "second", "x", NULL },
			    { "prog", "-n", "3", "--name=first", "-a", "--", "second", "x" } };

	(void)state;
	for (size_t i = 0; i < sizeof(argv) / sizeof(argv[0]); i++) {
		struct verbs_taken t = { 0 };
		struct cli c = with_verbs(&t);
		int n = 0;

		while (n < 8 && argv[i][n])
			n++;
		assert_int_equal(cli_next(&c, n, argv[i]), -1);
		assert_string_equal(c.verb->name, "second");
		assert_int_equal(c.n_operands, 1);
		assert_string_equal(c.operand[0], "x");
		assert_true(t.all);
		assert_string_equal(t.second.name, "first");
		assert_int_equal(t.second.n, 3);
		assert_int_equal(t.first.n, 0);
		assert_int_equal(cli_exit(&c), 0);
	}
}

static void the_name_most_like_a_word_is_found(void **state)
{
	static const char *const names[] = { "limit", "labels", "label", "direction", "timeout" };
	static const struct {
		const char *word, *like;
	} cases[] = {
		{ "label", "label" },
		{ "lable", "label" },	/* a swap */
		{ "albel", "label" },	/* at the begin */
		{ "labesl", "labels" }, /* at the end */
		{ "lbael", "label" },
		{ "abel", "label" },	      /* one left out */
		{ "llabels", "labels" },      /* one more */
		{ "idrectoin", "direction" }, /* two swaps, of three allowed */
		{ "drcton", NULL },	      /* three left out, of two allowed */
		{ "timmeoutss", "timeout" },  /* three more, of four allowed */
		{ "xxlimitxx", NULL },	      /* four more, of three allowed */
		{ "", NULL },
		{ "q", NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *like = cli_most_like(names, 5, cases[i].word);

		print_message("# %s: %s\n", cases[i].word, like ? like : "(none)");
		assert_string_equal(like ? like : "", cases[i].like ? cases[i].like : "");
	}
}

/* Of --pack, --merge and --copy, with --day of the last two and --level of none and the first. */
static void options_go_with_modes_or_are_refused(void **state)
{
	static const struct {
		bool merge, copy, pack, day, level;
		const char *message; /* NULL: right */
	} cases[] = {
		{ 0, 0, 0, 0, 0, NULL },
		{ 1, 0, 0, 1, 0, NULL },
		{ 0, 1, 0, 1, 0, NULL },
		{ 0, 0, 1, 0, 1, NULL },
		{ 0, 0, 0, 0, 1, NULL },
		{ 1, 0, 1, 0, 0, "--merge and --pack: one at a time" },
		{ 1, 1, 1, 0, 0, "--merge and --copy: one at a time" },
		{ 0, 0, 0, 1, 0, "option '--day' has no effect without '--merge' or '--copy'" },
		{ 0, 0, 1, 1, 0, "option '--day' has no effect without '--merge' or '--copy'" },
		{ 0, 1, 0, 1, 1, "option '--level' has no effect with '--copy'" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct cli_mode modes[] = { { "--merge", cases[i].merge },
						  { "--copy", cases[i].copy },
						  { "--pack", cases[i].pack } };
		const struct cli_use uses[] = { { "--day", cases[i].day, 1 << 1 | 1 << 2 },
						{ "--level", cases[i].level, 1 << 0 | 1 << 3 } };
		struct err e = { 0 };
		size_t mode = 0;
		int rc = cli_mode_find(modes, 3, &mode, &e);

		print_message("# case %zu\n", i);
		if (rc == 0)
			rc = cli_mode_check(modes, mode, uses, 2, &e);
		assert_int_equal(rc, cases[i].message ? -1 : 0);
		if (!cases[i].message)
			assert_int_equal(mode, cases[i].merge  ? 1
					       : cases[i].copy ? 2
					       : cases[i].pack ? 3
							       : 0);
		assert_string_equal(e.msg, cases[i].message ? cases[i].message : "");
		assert_int_equal(e.code, cases[i].message ? ERR_USAGE : ERR_NONE);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_are_read_whole_or_refused),
		cmocka_unit_test(rows_take_their_values),
		cmocka_unit_test(options_of_the_verb_are_taken),
		cmocka_unit_test(the_name_most_like_a_word_is_found),
		cmocka_unit_test(options_go_with_modes_or_are_refused),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
