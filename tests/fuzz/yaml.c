/* YAML: any text gives a tree or an error; what a scalar of it is written as is read as the same.
 */
#include "fuzz.h"

#include <stdlib.h>

#include "yaml/yaml.h"

static size_t visit(const struct yaml_node *n, struct arena *a, struct buf *out)
{
	size_t seen = 1;

	for (uint32_t i = 0; n->kind == YAML_LIST && i < n->n; i++)
		seen += visit(n->item[i], a, out);
	for (uint32_t i = 0; n->kind == YAML_MAP && i < n->n; i++)
		seen += visit(n->pair[i].key, a, out) + visit(n->pair[i].value, a, out);
	if (n->kind == YAML_SCALAR && n->text.n < 1000 && out->n < 1 << 16) {
		struct yaml_doc doc;

		buf_reset(out);
		yaml_add_text(out, n->text);
		if (yaml_parse(buf_bytes(out), "again", a, &doc, NULL) < 0 ||
		    !bytes_eq(doc.root->text, n->text))
			abort();
	}
	return seen;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena a = { 0 };
	struct buf out = { 0 };
	struct yaml_doc doc;
	struct err e;

	if (yaml_parse(bytes_of(data, size), "fuzz", &a, &doc, &e) == 0 && doc.root &&
	    visit(doc.root, &a, &out) > doc.root->weight)
		abort();
	buf_release(&out);
	arena_release(&a);
	return 0;
}
