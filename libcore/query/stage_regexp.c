/* | regexp "(?P<name>..)": a label for each named group. */
#include "base/find.h"
#include "labels/quote.h"
#include "query/explain.h"
#include "query/stage.h"
#include "regex/regex.h"

struct state {
	struct regex *re;
	bool use_find; /* a line without this text does not match */
	struct find find;
	size_t n;	/* groups */
	uint32_t *name; /* by group, from 1; MAP_NONE without */
};

static bool capture(const struct stage *s, struct block *b, uint32_t i)
{
	const struct state *st = s->state;
	struct bytes group[REGEX_GROUPS_MAX + 1];

	if (st->use_find && find_next(&st->find, block_line(b, i), 0) == FIND_NONE)
		return true;
	if (regex_match_groups(st->re, block_line(b, i), group, st->n, &b->gave_up) != 1)
		return true;
	for (size_t k = 1; k <= st->n; k++) {
		uint32_t name = st->name[k];

		if (name == MAP_NONE || !hints_want(&s->pipeline->hints, name))
			continue;
		if (block_base_has(b, name))
			name = names_extracted(b->names, name);
		if (!group[k].p)
			group[k] = BYTES_LIT("");
		block_set(b, i, LABEL_PARSED, name, group[k]);
	}
	return true;
}

static int apply(const struct stage *s, struct block *b, struct err *e)
{
	return stage_extract(s, b, capture, e);
}

static void bind_find(struct state *st)
{
	struct bytes text[REGEX_NEEDED_MAX];
	bool fold;

	if (regex_needed(st->re, text, &fold) != 1 || text[0].n < 2)
		return;
	st->use_find = true;
	if (fold)
		find_init_fold(&st->find, text[0]);
	else
		find_init(&st->find, text[0]);
}

static int bind(struct pipeline *p, struct stage *s, const struct logql_stage *tree, struct err *e)
{
	struct state *st = arena_zalloc(&p->mem, sizeof(*st));

	s->state = st;
	p->needs_lines = true;
	st->re = regex_new(tree->regexp.text, REGEX_UNANCHORED | tree->regexp.how, e);
	if (!st->re)
		return err_wrap(e, "line %u, col %u", tree->pos.line, tree->pos.col);
	bind_find(st);
	st->n = regex_n_groups(st->re);
	if (st->n > REGEX_GROUPS_MAX)
		return err_set(e, ERR_QUERY, "line %u, col %u: %zu groups, at most %d",
			       tree->pos.line, tree->pos.col, st->n, REGEX_GROUPS_MAX);
	st->name = arena_alloc(&p->mem, (st->n + 1) * sizeof(*st->name));
	for (size_t k = 1; k <= st->n; k++) {
		struct bytes name = regex_group_name(st->re, k);

		st->name[k] = name.n ? name_of_field(names_id(&p->names, name)) : MAP_NONE;
	}
	return 0;
}

static void release(struct stage *s)
{
	const struct state *st = s->state;

	regex_free(st->re);
}

static void explain(const struct stage *s, struct explain_node *n)
{
	const struct state *st = s->state;
	struct buf b = { 0 };

	stage_explain_fields(s, n);
	if (s->pipeline->hints.no_labels)
		return;
	if (st->use_find) {
		buf_add_str(&b, "tried only on lines that hold ");
		quote_add(&b, st->find.needle);
	} else {
		buf_add_str(&b, "tried on every line: no text is in all matches");
	}
	explain_note_bytes(n, buf_bytes(&b));
	buf_release(&b);
}

const struct stage_ops stage_regexp = {
	.bind = bind, .apply = apply, .release = release, .explain = explain
};
