#include "slo/file.h"

#include <stdlib.h>

#include "slo/file_part.h"

static void tell_kind(struct slo_file *f, const struct yaml_node *root)
{
	report_error_at(
		f->report, root,
		"expected a map with the key 'slos', or 'apiVersion: openslo/v1', or 'kind: "
		"PrometheusServiceLevel': no objectives are here");
}

static bool is_object(const struct yaml_node *root)
{
	const struct yaml_node *kind = yaml_get(root, "kind");

	return kind && kind->kind == YAML_SCALAR && bytes_is(kind->text, "PrometheusServiceLevel");
}

static int read_document(void *file, const struct yaml_node *root, struct err *e)
{
	struct slo_file *f = file;

	(void)e;
	if (yaml_is_null(root))
		return 0; /* only comments */
	if (root->kind != YAML_MAP)
		tell_kind(f, root);
	else if (is_object(root))
		file_read_object(f, root);
	else if (yaml_get(root, "apiVersion") || yaml_get(root, "kind"))
		file_read_openslo(f, root);
	else if (yaml_get(root, "slos"))
		file_read_slos(f, root);
	else
		tell_kind(f, root);
	return 0;
}

/* In order of lines: those that name an indicator come when it is read. */
static int by_line(const void *a, const void *b)
{
	const struct slo *x = a, *y = b;

	return x->line < y->line ? -1 : x->line > y->line;
}

int slo_file_read(struct bytes text, const char *file, const struct slo_file_opts *o,
		  struct slo_set *set, struct err *e)
{
	struct slo_file f = {
		.set = set, .opts = o, .report = o->report, .name = file, .first = set->n
	};
	int rc = yaml_parse_each(text, file, &set->mem, read_document, &f, e);

	if (rc == 0) {
		file_end_openslo(&f);
		rc = report_end(f.report, e);
	}
	if (rc == 0 && set->n == f.first)
		rc = err_set(e, ERR_USAGE, "%s: has no objectives", file);
	if (rc == 0)
		qsort(set->v + f.first, set->n - f.first, sizeof(*set->v), by_line);
	free(f.indicator);
	free(f.later);
	return rc;
}
