/* Random templates, of what template.c knows. */
#include "make.h"

#include "../unit/unit.h"

#define PICK(state, list) ((list)[rnd_below(state, sizeof(list) / sizeof(*(list)))])

static const char *const labels[] = { "app", "env",  "pod",	"region",	 "method", "status",
				      "dur", "size", "n",	"user",		 "level",  "trace",
				      "ip",  "o_x",  "a_b",	"app_extracted", "_9z",	   "total",
				      "msg", "new",  "o_q_r_x", "none" };

const char *nv_pick_label(uint64_t *state)
{
	return PICK(state, labels);
}

struct gen {
	uint64_t *state;
	struct buf *b;
};

static bool one_in(const struct gen *g, size_t n)
{
	return rnd_below(g->state, n) == 0;
}

static void add(const struct gen *g, const char *text)
{
	buf_add_str(g->b, text);
}

static void label(const struct gen *g)
{
	buf_addf(g->b, ".%s", nv_pick_label(g->state));
}

/* A function of a text, which comes last. */
static void text_function(const struct gen *g)
{
	static const char *const plain[] = { "upper",
					     "lower",
					     "ToUpper",
					     "ToLower",
					     "trim",
					     "trunc 2",
					     "trunc -3",
					     "substr 1 3",
					     "substr -1 2",
					     "substr 2 -1",
					     "alignLeft 4",
					     "alignRight 4",
					     "alignLeft 0",
					     "repeat 2",
					     "default \"none\"",
					     "trimPrefix \"e\"",
					     "replace \"o\" \"00\"",
					     "printf \"%-6s|\"",
					     "printf \"<%5s>\"",
					     "TrimSuffix \"x-y\"" };

	add(g, PICK(g->state, plain));
}

static void text(const struct gen *g, int depth)
{
	switch (depth > 0 ? rnd_below(g->state, 6) : 0) {
	case 1:
		add(g, "(");
		text_function(g);
		add(g, " ");
		text(g, depth - 1);
		add(g, ")");
		break;
	case 2:
		add(g, "(regexReplaceAllLiteral \"[a-e]+|[0-9]\" ");
		text(g, depth - 1);
		add(g, " \"-\")");
		break;
	case 3:
		add(g, one_in(g, 2) ? "__line__" : "\"a B\"");
		break;
	default:
		label(g);
	}
}

static void number(const struct gen *g, int depth)
{
	static const char *const ops[] = { "add", "sub", "mul", "div", "mod" };

	switch (depth > 0 ? rnd_below(g->state, 6) : rnd_below(g->state, 2)) {
	case 0:
		buf_addf(g->b, "%d", (int)rnd_below(g->state, 9) - 2);
		break;
	case 1:
	case 2:
		add(g, "(int ");
		text(g, 0);
		add(g, ")");
		break;
	case 3:
		add(g, "(len ");
		text(g, depth - 1);
		add(g, ")");
		break;
	case 4:
		add(g, "(count \"[0-9]\" ");
		text(g, 0);
		add(g, ")");
		break;
	default:
		buf_addf(g->b, "(%s ", PICK(g->state, ops));
		number(g, depth - 1);
		add(g, " ");
		number(g, depth - 1);
		add(g, ")");
	}
}

static void condition(const struct gen *g, int depth)
{
	static const char *const tests[] = { "eq", "ne", "contains", "hasPrefix" };

	switch (depth > 0 ? rnd_below(g->state, 6) : 0) {
	case 1:
		add(g, "not (");
		condition(g, depth - 1);
		add(g, ")");
		break;
	case 2:
		add(g, one_in(g, 2) ? "and (" : "or (");
		condition(g, depth - 1);
		add(g, ") (");
		condition(g, depth - 1);
		add(g, ")");
		break;
	case 3:
		buf_addf(g->b, "gt (len .%s) 2", nv_pick_label(g->state));
		break;
	case 4:
		label(g);
		break;
	default:
		buf_addf(g->b, "%s ", PICK(g->state, tests));
		if (one_in(g, 2)) {
			label(g);
			add(g, " \"e\"");
		} else {
			add(g, "\"e\" ");
			label(g);
		}
	}
}

static void action(const struct gen *g)
{
	bool before = one_in(g, 10), behind = one_in(g, 10);

	add(g, before ? "{{- " : "{{");
	switch (rnd_below(g->state, 8)) {
	case 0:
		number(g, 2);
		break;
	case 1:
		add(g, "printf \"%s/%d\" ");
		text(g, 1);
		add(g, " ");
		number(g, 1);
		break;
	case 2:
		add(g, "__timestamp__ | unixEpochNanos");
		break;
	case 3:
		add(g, "__line__");
		break;
	default:
		text(g, 1);
		while (one_in(g, 3)) {
			add(g, " | ");
			text_function(g);
		}
	}
	add(g, behind ? " -}}" : "}}");
}

static void part(const struct gen *g, int depth)
{
	static const char *const plain[] = { "", "x ", "=", "user=", "{\"n\": ", "}", " " };

	add(g, PICK(g->state, plain));
	if (depth == 0 || !one_in(g, 4)) {
		if (one_in(g, 2))
			buf_addf(g->b, "{{.%s}}", nv_pick_label(g->state));
		else
			action(g);
		return;
	}
	if (one_in(g, 3)) {
		buf_addf(g->b, "{{with .%s}}[{{. | upper}}]", nv_pick_label(g->state));
	} else {
		add(g, "{{if ");
		condition(g, 2);
		add(g, "}}");
	}
	part(g, depth - 1);
	if (one_in(g, 2)) {
		add(g, "{{else}}");
		part(g, depth - 1);
	}
	add(g, "{{end}}");
}

void nv_make_template(uint64_t *state, struct buf *out)
{
	struct gen g = { state, out };

	for (size_t i = 0, n = 1 + rnd_below(state, 3); i < n; i++)
		part(&g, 2);
}
