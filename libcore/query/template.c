#include "query/template.h"

#include <ctype.h>

#include "base/mem.h"
#include "time/time.h"

static bool is_name(struct bytes t)
{
	for (size_t i = 0; i < t.n; i++)
		if (!(isalpha((unsigned char)t.p[i]) || t.p[i] == '_' ||
		      (unsigned char)t.p[i] >= 0x80 || (i && isdigit((unsigned char)t.p[i]))))
			return false;
	return t.n > 0;
}

static struct bytes trim_left(struct bytes t)
{
	while (t.n && isspace((unsigned char)t.p[0]))
		t = bytes_sub(t, 1, t.n);
	return t;
}

static struct bytes trim_right(struct bytes t)
{
	while (t.n && isspace((unsigned char)t.p[t.n - 1]))
		t.n--;
	return t;
}

static struct template_part *add(struct template *t, size_t *cap, int kind, struct bytes text)
{
	mem_grow(&t->part, cap, t->n + 1, sizeof(*t->part));
	t->part[t->n] = (struct template_part){ .kind = kind, .text = text };
	return &t->part[t->n++];
}

static int add_action(struct pipeline *p, struct template *t, size_t *cap, struct bytes action,
		      const struct logql_pos *pos, struct err *e)
{
	struct template_part *part;
	char what[160];

	if (bytes_is(action, "__line__")) {
		add(t, cap, PART_LINE, action);
		return 0;
	}
	if (bytes_is(action, "__timestamp__")) {
		add(t, cap, PART_TIMESTAMP, action);
		t->needs_ts = true;
		return 0;
	}
	if (action.n >= 2 && bytes_starts(action, BYTES_LIT("/*")))
		return 0;
	if (action.n > 1 && action.p[0] == '.' && is_name(bytes_sub(action, 1, action.n))) {
		part = add(t, cap, PART_FIELD, action);
		part->name = names_id(&p->names, bytes_sub(action, 1, action.n));
		stage_reads(p, part->name);
		return 0;
	}
	snprintf(what, sizeof(what), "'{{%.*s}}' in a template",
		 (int)(action.n > 100 ? 100 : action.n), action.p);
	return stage_not_yet(pos, what, e);
}

int template_check(void *ctx, const char *name, struct bytes text, struct err *e)
{
	unsigned line = 1;

	(void)ctx;
	while (text.n) {
		const char *open = memmem(text.p, text.n, "{{", 2), *close;

		for (const char *p = text.p; p < (open ? open : text.p + text.n); p++)
			line += *p == '\n';
		if (!open)
			return 0;
		text = bytes_sub(text, (size_t)(open - text.p) + 2, text.n);
		close = memmem(text.p, text.n, "}}", 2);
		if (!close)
			return err_set(e, ERR_QUERY, "template: %s:%u: unclosed action", name,
				       line);
		text = bytes_sub(text, (size_t)(close - text.p) + 2, text.n);
	}
	return 0;
}

int template_bind(struct pipeline *p, struct bytes text, const struct logql_pos *pos,
		  struct template *ret, struct err *e)
{
	struct template t = { 0 };
	size_t cap = 0;
	bool trim_next = false;

	while (text.n) {
		const char *open = memmem(text.p, text.n, "{{", 2), *close;
		struct bytes lit = open ? bytes_of(text.p, (size_t)(open - text.p)) : text, action;

		if (trim_next)
			lit = trim_left(lit);
		trim_next = false;
		if (!open) {
			add(&t, &cap, PART_TEXT, lit);
			break;
		}
		text = bytes_sub(text, (size_t)(open - text.p) + 2, text.n);
		close = memmem(text.p, text.n, "}}", 2);
		if (!close) {
			err_set(e, ERR_QUERY, "line %u, col %u: unclosed action in a template",
				pos->line, pos->col);
			goto fail;
		}
		action = bytes_of(text.p, (size_t)(close - text.p));
		text = bytes_sub(text, action.n + 2, text.n);
		if (action.n > 1 && action.p[0] == '-' && isspace((unsigned char)action.p[1])) {
			action = bytes_sub(action, 1, action.n);
			lit = trim_right(lit);
		}
		if (action.n > 1 && action.p[action.n - 1] == '-' &&
		    isspace((unsigned char)action.p[action.n - 2])) {
			action.n--;
			trim_next = true;
		}
		if (lit.n)
			add(&t, &cap, PART_TEXT, lit);
		if (add_action(p, &t, &cap, bytes_trim(action), pos, e) < 0)
			goto fail;
	}
	*ret = t;
	ret->part = arena_alloc(&p->mem, (t.n + 1) * sizeof(*t.part));
	if (t.n)
		memcpy(ret->part, t.part, t.n * sizeof(*t.part));
	free(t.part);
	return 0;
fail:
	free(t.part);
	return -1;
}

struct bytes template_apply(const struct template *t, struct block *b, uint32_t i)
{
	struct buf *out = &b->scratch;

	buf_reset(out);
	for (size_t k = 0; k < t->n; k++) {
		const struct template_part *p = &t->part[k];
		struct bytes v;

		switch (p->kind) {
		case PART_TEXT:
			buf_add_bytes(out, p->text);
			break;
		case PART_FIELD:
			block_get(b, i, p->name, &v);
			buf_add_bytes(out, v);
			break;
		case PART_LINE:
			buf_add_bytes(out, block_line(b, i));
			break;
		case PART_TIMESTAMP:
			time_add_rfc3339(out, b->run.ts_ns[i]);
			break;
		}
	}
	return arena_copy(&b->mem, buf_bytes(out));
}
