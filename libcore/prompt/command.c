#include "prompt/command.h"

#include <stdlib.h>

#include "base/num.h"
#include "prompt/edit.h"
#include "query/ask_options.h"
#include "time/time.h"

/* What stands behind the command is one operand. */
static const char *only(char **operand, size_t n)
{
	return n ? operand[0] : NULL;
}

/* Up to a blank or a selector, and what stands behind it. */
static struct bytes first_word(struct bytes text, struct bytes *ret_rest)
{
	size_t n = 0;

	while (n < text.n && !strchr(" \t{", text.p[n]))
		n++;
	*ret_rest = bytes_sub(text, n, text.n);
	return bytes_sub(text, 0, n);
}

/* --- what is there --------------------------------------------------------------------------- */

static int run_verb(struct session *s, const char *verb, char **operand, size_t n, struct err *e)
{
	char *v[2] = { (char *)verb, n ? operand[0] : NULL };

	if (n && operand[0][0] != '{')
		return err_set(e, ERR_USAGE,
			       "\\%s: expected a selector, as {app=\"web\"}, found "
			       "'%s'",
			       verb, operand[0]);
	return session_verb(s, v, 1 + n, e);
}

static int do_labels(void *session, char **operand, size_t n, struct err *e)
{
	return run_verb(session, "labels", operand, n, e);
}

static int do_series(void *session, char **operand, size_t n, struct err *e)
{
	return run_verb(session, "series", operand, n, e);
}

/* NAME [SELECTOR] */
static int do_values(void *session, char **operand, size_t n, struct err *e)
{
	struct bytes selector, name = first_word(bytes_str(n ? operand[0] : ""), &selector);
	char *v[] = { "values", NULL, NULL };
	int r;

	selector = bytes_trim(selector);
	if (labels_check_name(name, e) < 0)
		return err_wrap(e, "\\values");
	if (selector.n && selector.p[0] != '{')
		return err_set(e, ERR_USAGE, "\\values: expected a selector behind the name");
	v[1] = strndup(name.p, name.n);
	v[2] = selector.n ? strndup(selector.p, selector.n) : NULL;
	r = session_verb(session, v, selector.n ? 3 : 2, e);
	free(v[1]);
	free(v[2]);
	return r;
}

/* [QUERY] */
static int explain(struct session *s, enum explain_how how, const char *name, char **operand,
		   size_t n, struct err *e)
{
	if (session_explain(s, how, bytes_str(n ? operand[0] : ""), e) < 0)
		return err_wrap(e, "%s", name);
	return 0;
}

static int do_explain(void *session, char **operand, size_t n, struct err *e)
{
	return explain(session, EXPLAIN_PLAN, "\\explain", operand, n, e);
}

static int do_analyze(void *session, char **operand, size_t n, struct err *e)
{
	return explain(session, EXPLAIN_ANALYZE, "\\analyze", operand, n, e);
}

/* --- when ------------------------------------------------------------------------------------ */

static void say_range(const struct session *s)
{
	struct buf b = { 0 };

	session_describe(s, &b);
	session_say(s, "%s", buf_str(&b));
	buf_release(&b);
}

/* Those of the command line hold until one is given here. */
static void forget_from(struct session *s)
{
	s->ask.q.has_from = s->ask.q.has_at = false;
	buf_reset(&s->since);
	buf_reset(&s->from);
}

static int do_since(void *session, char **operand, size_t n, struct err *e)
{
	struct session *s = session;
	int64_t ns;

	if (n && time_parse_duration(bytes_str(operand[0]), &ns, e) < 0)
		return err_wrap(e, "\\since");
	if (n && ns <= 0)
		return err_set(e, ERR_USAGE, "\\since: expected a duration above zero");
	forget_from(s);
	s->ask.q.has_to = false;
	buf_reset(&s->to);
	if (n)
		buf_add_str(&s->since, operand[0]);
	say_range(s);
	return 0;
}

static int check_time(const char *command, char **operand, size_t n, struct err *e)
{
	int64_t ns;

	if (n && time_parse(bytes_str(operand[0]), time_now_ns(), &ns, e) < 0)
		return err_wrap(e, "%s", command);
	return 0;
}

static int do_from(void *session, char **operand, size_t n, struct err *e)
{
	struct session *s = session;

	if (check_time("\\from", operand, n, e) < 0)
		return -1;
	forget_from(s);
	if (n)
		buf_add_str(&s->from, operand[0]);
	say_range(s);
	return 0;
}

static int do_to(void *session, char **operand, size_t n, struct err *e)
{
	struct session *s = session;

	if (check_time("\\to", operand, n, e) < 0)
		return -1;
	s->ask.q.has_to = s->ask.q.has_at = false;
	buf_reset(&s->to);
	if (n)
		buf_add_str(&s->to, operand[0]);
	say_range(s);
	return 0;
}

/* --- how ------------------------------------------------------------------------------------- */

static int take_option(struct session *s, const char *name, char **operand, size_t n, struct err *e)
{
	if (n == 0)
		return err_set(e, ERR_USAGE, "\\%s: a value is expected", name);
	return ask_take_option(&s->ask, name, operand[0], e) < 0 ? err_wrap(e, "\\%s", name) : 0;
}

static int do_step(void *session, char **operand, size_t n, struct err *e)
{
	struct session *s = session;

	s->ask.q.has_at = false;
	if (n)
		return take_option(s, "step", operand, n, e);
	s->ask.q.has_step = false;
	s->ask.q.step_ns = 0;
	return 0;
}

static int do_limit(void *session, char **operand, size_t n, struct err *e)
{
	return take_option(session, "limit", operand, n, e);
}

static int do_direction(void *session, char **operand, size_t n, struct err *e)
{
	return take_option(session, "direction", operand, n, e);
}

static int do_format(void *session, char **operand, size_t n, struct err *e)
{
	return take_option(session, "format", operand, n, e);
}

/* on, off, or the other one. */
static int take_switch(const struct session *s, const char *name, char **operand, size_t n,
		       bool *at, struct err *e)
{
	static const char *const words[] = { "off", "on", NULL };
	int i = !*at;

	if (n && cli_read_word(operand[0], words, &i, e) < 0)
		return err_wrap(e, "\\%s", name);
	*at = i;
	session_say(s, "%s %s", name, words[i]);
	return 0;
}

static int do_timing(void *session, char **operand, size_t n, struct err *e)
{
	struct session *s = session;

	return take_switch(s, "timing", operand, n, &s->timing, e);
}

static int do_pager(void *session, char **operand, size_t n, struct err *e)
{
	struct session *s = session;
	bool on = !s->page.no_pager;

	if (take_switch(s, "pager", operand, n, &on, e) < 0)
		return -1;
	s->page.no_pager = !on;
	return 0;
}

static int do_output(void *session, char **operand, size_t n, struct err *e)
{
	struct session *s = session;

	if (page_to_file(&s->page, only(operand, n), e) < 0)
		return err_wrap(e, "\\o");
	return 0;
}

static int do_quit(void *session, char **operand, size_t n, struct err *e)
{
	struct session *s = session;

	(void)operand;
	(void)n;
	(void)e;
	s->quit = true;
	return 0;
}

/* --- the table ------------------------------------------------------------------------------- */

static int do_help(void *session, char **operand, size_t n, struct err *e);

static const struct cli_verb commands[] = {
	{ "\\labels", "[SELECTOR]", "names of labels", do_labels },
	{ "\\values", "NAME [SELECTOR]", "values of a label", do_values },
	{ "\\series", "[SELECTOR]", "label sets of streams", do_series },
	{ "\\since", "[DURATION]", "ask for the last 1h; for all time", do_since },
	{ "\\from", "[TIME]", "ask for what is from then on; -1h is an hour ago", do_from },
	{ "\\to", "[TIME]", "ask for what is before then", do_to },
	{ "\\step", "[DURATION]", "metric queries give a value at each step", do_step },
	{ "\\limit", "N", "at most N entries, 0 for all", do_limit },
	{ "\\direction", "backward|forward", "newest or oldest first", do_direction },
	{ "\\format", "default|raw|jsonl|csv|api", "how answers are printed", do_format },
	{ "\\explain", "[QUERY]", "how it, or the last query, is answered", do_explain },
	{ "\\analyze", "[QUERY]", "answer it, print what that took", do_analyze },
	{ "\\timing", "[on|off]", "tell how long each answer took", do_timing },
	{ "\\pager", "[on|off]", "page what is longer than the screen", do_pager },
	{ "\\o", "[FILE]", "write answers to a file; to the terminal again", do_output },
	{ "\\help", "", "this; also \\?", do_help },
	{ "\\q", "", "leave, as Ctrl-D does", do_quit },
	{ 0 },
};

static int do_help(void *session, char **operand, size_t n, struct err *e)
{
	enum { NARROW = 64, LEFT = 30 };
	struct session *s = session;
	struct buf now = { 0 };
	unsigned cols, rows;
	FILE *out;

	(void)operand;
	(void)n;
	edit_size(stdout, &cols, &rows);
	session_describe(s, &now);
	out = page_begin(&s->page);
	fputs("A query of LogQL runs when it is complete; what is not goes on in the next line,\n"
	      "until ';' or an empty line. Tab completes, Ctrl-C stops a query.\n\n",
	      out);
	for (const struct cli_verb *v = commands; v->name; v++) {
		int left = fprintf(out, "  %s %s", v->name, v->operands);

		if (cols < NARROW || left > LEFT)
			fprintf(out, "\n%*s%s\n", cols < NARROW ? 6 : LEFT + 2, "", v->help);
		else
			fprintf(out, "%*s%s\n", LEFT + 2 - left, "", v->help);
	}
	fprintf(out, "\nAsked: %s", buf_str(&now));
	if (s->ask.q.limit)
		fprintf(out, ", at most %llu entries", (unsigned long long)s->ask.q.limit);
	fputs(".\n", out);
	buf_release(&now);
	return page_end(&s->page, e) < 0 ? -1 : 0;
}

/* --- reading --------------------------------------------------------------------------------- */

int command_run(struct session *s, struct bytes line, struct err *e)
{
	struct bytes rest, word = first_word(bytes_trim(line), &rest);
	char *name = strndup(word.p, word.n), *operand;
	const struct cli_verb *v = NULL;
	int r;

	rest = bytes_trim(rest);
	operand = strndup(rest.n ? rest.p : "", rest.n);
	if (strcmp(name, "\\?") == 0) {
		r = do_help(s, NULL, 0, e);
	} else {
		r = cli_verb_find(commands, name, NULL, &v, e);
		if (r == 0 && !v)
			r = err_set(e, ERR_USAGE, "'%s' is no command; \\? lists them", name);
		if (r == 0 && rest.n && !*v->operands)
			r = err_set(e, ERR_USAGE, "%s: nothing is expected behind it", name);
		if (r == 0)
			r = v->run(s, &operand, rest.n > 0, e);
	}
	free(name);
	free(operand);
	return r;
}

void command_hint(struct bytes text, struct err *e)
{
	struct bytes word = bytes_trim(text);
	const char *name = NULL;

	if (bytes_eq(word, BYTES_LIT("exit")) || bytes_eq(word, BYTES_LIT("quit")))
		name = "\\q";
	for (const struct cli_verb *v = commands; v->name; v++)
		if (bytes_eq(word, bytes_str(v->name + 1)))
			name = v->name;
	if (name)
		err_set(e, ERR_USAGE, "'%.*s' is no query: did you mean '%s'?", BYTES_ARG(word),
			name);
}

/* --- completion ------------------------------------------------------------------------------ */

/* The words of "[a|b]" or "a|b". */
static void add_choices(struct completions *c, const char *operands)
{
	struct bytes rest = bytes_str(operands), word;

	if (!strchr(operands, '|'))
		return;
	if (rest.p[0] == '[')
		rest = bytes_sub(rest, 1, rest.n - 2);
	while (bytes_split(&rest, '|', &word))
		completions_add(c, word, "");
}

void command_complete(struct completions *c, struct bytes line, complete_fetch_fn *fetch,
		      void *data)
{
	struct bytes rest, word = first_word(line, &rest);
	const struct bytes *v;
	const struct cli_verb *row = commands;
	size_t n;

	if (!rest.n) {
		c->prefix = word;
		for (; row->name; row++)
			completions_add(c, bytes_str(row->name), *row->operands ? " " : "");
		return;
	}
	while (row->name && !bytes_is(word, row->name))
		row++;
	if (row->run == do_explain || row->run == do_analyze || memchr(rest.p, '{', rest.n)) {
		complete_query(c, rest, fetch, data);
		return;
	}
	if (!row->name)
		return;
	while (rest.n && (rest.p[0] == ' ' || rest.p[0] == '\t'))
		rest = bytes_sub(rest, 1, rest.n);
	c->prefix = rest;
	if (row->run != do_values) {
		add_choices(c, row->operands);
		return;
	}
	n = fetch(data, (struct bytes){ 0 }, (struct bytes){ 0 }, &v);
	for (size_t i = 0; i < n; i++)
		completions_add(c, v[i], "");
}
