#include "prompt/statement.h"

#include "logql/lex.h"

void statement_release(struct statement *s)
{
	buf_release(&s->text);
}

static bool is_command(struct bytes text)
{
	return bytes_starts(bytes_trim(text), BYTES_LIT("\\"));
}

/* The words of text: how many they are, and where the last begins if it is a ';'. */
static size_t count_words(struct bytes text, size_t *ret_end)
{
	struct arena mem = { 0 };
	struct lexer l;
	size_t n = 0;

	*ret_end = text.n;
	for (lex_init(&l, text, &mem, 0); l.cur.kind != LEX_END && l.cur.kind != LEX_ERROR;
	     lex_next(&l)) {
		bool ends = l.cur.kind == LEX_OTHER && bytes_is(l.cur.text, ";");

		*ret_end = ends ? l.cur.pos.off : text.n;
		n += !ends;
	}
	if (l.cur.kind == LEX_ERROR)
		*ret_end = text.n;
	n += l.cur.kind == LEX_ERROR;
	arena_release(&mem);
	return n;
}

enum statement_state statement_end(const struct statement *s)
{
	size_t end;

	if (is_command(buf_bytes(&s->text)))
		return STATEMENT_COMMAND;
	return count_words(buf_bytes(&s->text), &end) ? STATEMENT_QUERY : STATEMENT_NONE;
}

enum statement_state statement_add(struct statement *s, struct bytes line,
				   const struct logql_opts *o)
{
	bool first = s->text.n == 0, blank = bytes_trim(line).n == 0;
	size_t end, n;

	if (first && blank)
		return STATEMENT_NONE;
	if (first && is_command(line)) {
		buf_add_bytes(&s->text, bytes_trim(line));
		return STATEMENT_COMMAND;
	}
	if (blank)
		return statement_end(s);
	if (!first)
		buf_add_char(&s->text, '\n');
	buf_add_bytes(&s->text, line);
	n = count_words(buf_bytes(&s->text), &end);
	if (end < s->text.n) {
		s->text.n = end;
		return n ? STATEMENT_QUERY : STATEMENT_NONE;
	}
	return logql_is_begun(buf_bytes(&s->text), o) ? STATEMENT_BEGUN : STATEMENT_QUERY;
}
