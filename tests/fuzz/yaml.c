/* YAML: any text gives a tree or an error; what its scalars are written as is read as the same.
 */
#include "fuzz.h"

#include <stdlib.h>

#include "base/mem.h"
#include "yaml/yaml.h"

enum { TEXT_MAX = 1000, OUT_MAX = 1 << 16 };

/* Scalars, and a list of them as it is written. */
struct scalars {
	const struct yaml_node **v;
	size_t n, cap;
	struct buf out;
};

static size_t visit(const struct yaml_node *n, struct scalars *s)
{
	size_t seen = 1;

	for (uint32_t i = 0; n->kind == YAML_LIST && i < n->n; i++)
		seen += visit(n->item[i], s);
	for (uint32_t i = 0; n->kind == YAML_MAP && i < n->n; i++)
		seen += visit(n->pair[i].key, s) + visit(n->pair[i].value, s);
	if (n->kind == YAML_SCALAR && n->text.n < TEXT_MAX && s->out.n < OUT_MAX) {
		mem_grow(&s->v, &s->cap, s->n + 1, sizeof(*s->v));
		s->v[s->n++] = n;
		buf_add_str(&s->out, "- ");
		yaml_add_text(&s->out, n->text);
		buf_add_char(&s->out, '\n');
	}
	return seen;
}

static void check_again(const struct scalars *s, struct arena *a)
{
	struct yaml_doc doc;

	if (s->n == 0)
		return;
	if (yaml_parse(buf_bytes(&s->out), "again", a, &doc, NULL) < 0 ||
	    doc.root->kind != YAML_LIST || doc.root->n != s->n)
		abort();
	for (size_t i = 0; i < s->n; i++)
		if (!bytes_eq(doc.root->item[i]->text, s->v[i]->text))
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct scalars s = { 0 };
	struct arena a = { 0 };
	struct yaml_doc doc;
	struct err e;

	if (yaml_parse(bytes_of(data, size), "fuzz", &a, &doc, &e) == 0 && doc.root) {
		if (visit(doc.root, &s) > doc.root->weight)
			abort();
		check_again(&s, &a);
	}
	free(s.v);
	buf_release(&s.out);
	arena_release(&a);
	return 0;
}
