/*
 * Templates of line_format and label_format. Executed are literal text and plain fields,
 * {{.name}}, {{ __line__ }} and {{ __timestamp__ }} among them, with the trim marks {{- and -}};
 * what else Go's templates have is refused by name.
 */
#ifndef QUERY_TEMPLATE_H
#define QUERY_TEMPLATE_H

#include "query/stage.h"

struct template_part {
	enum { PART_TEXT, PART_FIELD, PART_LINE, PART_TIMESTAMP } kind;
	struct bytes text; /* the literal */
	uint32_t name;	   /* of the field */
};

struct template
{
	size_t n;
	struct template_part *part;
	bool needs_ts;
};

/* Errors: ERR_QUERY, with what is not executed yet or wrong. pos is where the template stands. */
MUST_CHECK int template_bind(struct pipeline *p, struct bytes text, const struct logql_pos *pos,
			     struct template *ret, struct err *e);

/* For the parser (logql/parse.h, check_template): whether all actions are closed. */
int template_check(void *ctx, const char *name, struct bytes text, struct err *e);

/* What the template gives for entry i, in the block's arena. Needs labels, and ts if .needs_ts. */
struct bytes template_apply(const struct template *t, struct block *b, uint32_t i);

#endif
