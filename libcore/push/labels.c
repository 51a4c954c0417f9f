#include "base/rd.h"
#include "labels/quote.h"
#include "push/push.h"

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool is_name(char c, bool first)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
	       (!first && c >= '0' && c <= '9');
}

/* What no label name may have, told as Prometheus's lexer tells it, which clients' users know. The
 * text is well-formed, names aside. */
static int check_names(struct bytes text, struct buf *scratch, struct err *e)
{
	bool first = true; /* of a name */
	size_t i = 0;

	while (i < text.n && text.p[i] != '{')
		i++;
	for (i++; i < text.n && text.p[i] != '}'; i++) {
		char c = text.p[i];

		if (is_space(c) || c == ',') {
			first = true;
		} else if (c == '=') {
			do
				i++;
			while (i < text.n && is_space(text.p[i]));
			buf_reset(scratch);
			i += quote_scan(bytes_sub(text, i, text.n), scratch) - 1;
			first = true;
		} else if (is_name(c, first)) {
			first = false;
		} else {
			return err_set(e, ERR_USAGE,
				       "couldn't parse labels: 1:%zu: parse error: unexpected "
				       "character inside braces: '%.*s'",
				       i + 1, 1, text.p + i);
		}
	}
	return 0;
}

int push_labels_parse(const struct push_labels *l, struct arena *a, struct labels *ret,
		      struct err *e)
{
	struct buf text = { 0 }, scratch = { 0 };
	struct rd r = rd_init(l->spelling);
	struct labels labels;
	int rc;

	switch (l->form) {
	case PUSH_LABELS_PAIRS:
		return labels_decode(&r, a, ret, e);
	case PUSH_LABELS_JSON:
		rc = labels_parse_json_loosely(l->spelling, a, &labels, e);
		break;
	default:
		rc = labels_parse_text(l->spelling, a, &labels, e);
	}
	if (rc < 0)
		return err_wrap(e, "couldn't parse labels");
	if (l->form == PUSH_LABELS_JSON)
		labels_add_text(&text, &labels);
	else
		buf_add_bytes(&text, l->spelling);
	rc = check_names(buf_bytes(&text), &scratch, e);
	buf_release(&text);
	buf_release(&scratch);
	if (rc == 0)
		*ret = labels;
	return rc;
}

bool push_labels_twice(const struct push_labels *l, struct arena *a, struct bytes *ret_name)
{
	struct buf scratch = { 0 };
	struct err e;
	bool ret = l->form == PUSH_LABELS_TEXT && labels_text_twice(l->spelling, a, ret_name) &&
		   check_names(l->spelling, &scratch, &e) == 0;

	buf_release(&scratch);
	return ret;
}
