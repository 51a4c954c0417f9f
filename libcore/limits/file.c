#include "limits/file.h"

#include "base/io.h"
#include "store/store.h"

static void read_root(const struct yaml_node *root, struct limits_set *s, struct report *r)
{
	if (yaml_is_null(root))
		return;
	if (root->kind != YAML_MAP) {
		report_error_at(r, root, "expected a map with 'limits_config' and 'overrides'");
		return;
	}
	for (uint32_t i = 0; i < root->n; i++) {
		const struct yaml_node *key = root->pair[i].key;

		if (!bytes_is(key->text, "limits_config") && !bytes_is(key->text, "overrides"))
			report_error_at(r, key,
					"'%.*s' is not a key: expected 'limits_config' or "
					"'overrides'",
					BYTES_ARG(key->text));
	}
	limits_set_read(s, yaml_get(root, "limits_config"), "limits_config",
			yaml_get(root, "overrides"), r);
}

int limits_read_text(struct bytes text, const char *name, struct limits_set **ret, struct report *r,
		     struct err *e)
{
	struct arena tree = { 0 };
	struct limits_set *s;
	struct yaml_doc doc;
	int rc;

	if (yaml_parse(text, name, &tree, &doc, e) < 0) {
		arena_release(&tree);
		return -1;
	}
	s = limits_set_new();
	if (doc.root)
		read_root(doc.root, s, r);
	rc = report_end(r, e);
	if (rc == 0)
		*ret = s;
	else
		limits_set_drop(s);
	arena_release(&tree);
	return rc;
}

/* 1 there is one, 0 there is none */
static int read_of_store(struct store *s, struct buf *text, struct err *e)
{
	if (store_get(s, LIMITS_OF_STORE, YAML_SIZE_MAX, text, e) == 0)
		return 1;
	return e->code == ERR_NO ? 0 : -1;
}

int limits_load(const char *file, struct store *s, struct limits_set **ret, struct report *r,
		struct err *e)
{
	struct buf text = { 0 }, name = { 0 };
	int rc = 0;

	if (file)
		rc = io_read_file(file, YAML_SIZE_MAX, &text, e) == 0 ? 1 : -1;
	else if (s)
		rc = read_of_store(s, &text, e);
	if (rc == 0)
		*ret = NULL;
	if (rc > 0 && !file)
		buf_addf(&name, "%s/%s", store_path_of(s, LIMITS_OF_STORE), LIMITS_OF_STORE);
	if (rc > 0)
		rc = limits_read_text(buf_bytes(&text), file ? file : buf_str(&name), ret, r, e);
	buf_release(&text);
	buf_release(&name);
	return rc;
}

void limits_write_text(struct buf *out, const struct limits_set *s)
{
	buf_add_str(out, "limits_config:\n");
	limits_add_yaml(out, limits_of(s, (struct bytes){ 0 }), "  ");
	buf_add_str(out, "overrides:\n");
	limits_add_overrides(out, s, "  ");
}
