/* | decolorize: lines without the escape sequences of terminals. */
#include "query/stage.h"
#include "regex/regex.h"

/* CSI and OSC sequences, as terminals' colour codes and titles are written. */
static const char sequence[] = "[\\x{1b}\\x{9b}][\\[\\]()#;?]*"
			       "(?:(?:(?:[a-zA-Z\\d]*(?:;[a-zA-Z\\d]*)*)?\\x{07})|"
			       "(?:(?:\\d{1,4}(?:;\\d{0,4})*)?[\\dA-PRZcf-ntqry=><~]))";

static struct bytes strip(struct regex *re, struct block *b, struct bytes line)
{
	struct bytes rest = line;
	size_t at[2];

	buf_reset(&b->scratch);
	while (rest.n && regex_match(re, rest, at, NULL) == 1 && at[1] > 0) {
		buf_add(&b->scratch, rest.p, at[0]);
		rest = bytes_sub(rest, at[1], rest.n);
	}
	if (rest.n == line.n)
		return line;
	buf_add_bytes(&b->scratch, rest);
	return arena_copy(&b->mem, buf_bytes(&b->scratch));
}

static int apply(const struct stage *s, struct block *b, struct err *e)
{
	if (block_need(b, WANT_LENS | WANT_LINES, e) < 0)
		return -1;
	for (size_t k = 0; k < b->n_sel; k++) {
		uint32_t i = block_entry(b, k);
		struct bytes line = block_line(b, i);

		if (memchr(line.p, 0x1b, line.n) || memchr(line.p, 0x9b, line.n))
			block_set_line(b, i, strip(s->state, b, line));
	}
	return 0;
}

static int bind(struct pipeline *p, struct stage *s, const struct logql_stage *tree, struct err *e)
{
	(void)tree;
	p->needs_lines = true;
	s->state = regex_new(bytes_str(sequence), REGEX_UNANCHORED, e);
	return s->state ? 0 : -1;
}

static void release(struct stage *s)
{
	regex_free(s->state);
}

const struct stage_ops stage_decolorize = { .bind = bind, .apply = apply, .release = release };
