#include "prompt/reading.h"

#include <errno.h>
#include <stdlib.h>

#include "cli/cli.h"
#include "prompt/history.h"

static void remember(void *edit, const char *text)
{
	edit_remember(edit, text);
}

void reading_init(struct reading *in, struct edit *edit, const struct logql_opts *parse)
{
	struct err ignored; /* no history is no failure */

	*in = (struct reading){ .edit = edit, .parse = *parse };
	if (edit && history_path(&in->history_path) &&
	    history_load(buf_str(&in->history_path), remember, edit, &ignored) < 0)
		buf_release(&in->history_path);
}

void reading_release(struct reading *in)
{
	statement_release(&in->statement);
	buf_release(&in->one);
	buf_release(&in->history_path);
}

/* One that cannot be written is left alone from then on. */
static void keep(struct reading *in)
{
	struct err ignored;

	edit_remember(in->edit, buf_str(&in->statement.text));
	if (in->history_path.n &&
	    history_add(buf_str(&in->history_path), buf_bytes(&in->statement.text), &ignored) < 0)
		buf_release(&in->history_path);
}

static int read_script_line(struct reading *in, struct err *e)
{
	int c;

	buf_reset(&in->one);
	in->n_lines++;
	while ((c = getchar()) != EOF && c != '\n') {
		if (in->one.n == LOGQL_TEXT_MAX)
			return err_set(e, ERR_LIMIT, "stdin: line %zu: over %d bytes", in->n_lines,
				       LOGQL_TEXT_MAX);
		buf_add_char(&in->one, (char)c);
	}
	if (c == EOF && ferror(stdin))
		return err_sys(e, "stdin");
	in->ended = c == EOF;
	return 0;
}

static void read_typed_line(struct reading *in)
{
	bool first = in->statement.text.n == 0;
	/* As wide as the first, so that lines stand below each other. */
	enum edit_got got = edit_line(in->edit, first ? "logql>" : "   ...",
				      cli_color(NULL) ? EDIT_BOLD : EDIT_PLAIN, &in->one);

	if (got == EDIT_INTERRUPTED) {
		fputs("^C\n", stderr);
		buf_reset(&in->statement.text);
		buf_reset(&in->one);
	} else if (got == EDIT_END) {
		/* A query that is begun is ended as by an empty line. */
		fputc('\n', stderr);
		buf_reset(&in->one);
		in->ended = first;
	}
}

int reading_next(struct reading *in, enum statement_state *ret, struct err *e)
{
	enum statement_state state = STATEMENT_NONE;

	buf_reset(&in->statement.text);
	while (!in->ended && (state == STATEMENT_NONE || state == STATEMENT_BEGUN)) {
		if (in->edit)
			read_typed_line(in);
		else if (read_script_line(in, e) < 0)
			return -1;
		if (in->statement.text.n == 0)
			in->line = in->n_lines;
		state = statement_add(&in->statement, buf_bytes(&in->one), &in->parse);
		if (state == STATEMENT_NONE)
			buf_reset(&in->statement.text);
	}
	if (state == STATEMENT_BEGUN)
		state = statement_end(&in->statement);
	if (in->edit && state != STATEMENT_NONE)
		keep(in);
	*ret = state;
	return 0;
}
