/* Templates of line_format and label_format, bound to the labels of a query. */
#ifndef QUERY_TEMPLATE_H
#define QUERY_TEMPLATE_H

#include "query/stage.h"
#include "template/template.h"

struct bound_template {
	struct template *template;
	uint32_t *names; /* the label of each of the template's names; in the pipeline's arena */
};

/* name is "line" or "label". Errors: ERR_QUERY, what is wrong with the template; pos is where it
 * stands. */
MUST_CHECK int template_bind(struct pipeline *p, const char *name, struct bytes text,
			     const struct logql_pos *pos, struct bound_template *ret,
			     struct err *e);
void template_unbind(struct bound_template *t);

/* For the parser (logql/parse.h, check_template). */
int template_check(void *ctx, const char *name, struct bytes text, struct err *e);

/* Loads what the template reads; to be called for a block before template_apply. */
MUST_CHECK int template_need(const struct bound_template *t, struct block *b, struct err *e);

/* True: *ret is what the template gives for entry i, in the block's arena. False: it failed, and
 * *ret says why. */
bool template_apply(const struct bound_template *t, struct block *b, uint32_t i, struct bytes *ret);

#endif
