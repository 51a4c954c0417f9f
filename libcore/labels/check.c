/* What Loki takes as a label name and as a tenant. */
#include "base/utf8.h"
#include "labels/labels.h"

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

int labels_check_name(struct bytes name, struct err *e)
{
	if (name.n == 0)
		return err_set(e, ERR_USAGE, "a label name is empty");
	for (size_t i = 0; i < name.n; i++) {
		if (!is_letter(name.p[i]) && (i == 0 || !is_digit(name.p[i])))
			return err_set(
				e, ERR_USAGE,
				"label name '%.*s': expected letters, digits and _, no digit first",
				BYTES_ARG(name));
	}
	return 0;
}

int labels_check(const struct labels *l, struct err *e)
{
	for (size_t i = 0; i < l->n; i++) {
		if (labels_check_name(l->v[i].name, e) < 0)
			return -1;
		if (!utf8_valid(l->v[i].value))
			return err_set(e, ERR_USAGE, "label '%.*s': its value is not UTF-8",
				       BYTES_ARG(l->v[i].name));
	}
	return 0;
}

int labels_check_push(const struct labels *l, struct err *e)
{
	if (l->n == 0)
		return err_set(e, ERR_USAGE, "a stream needs at least one label");
	return labels_check(l, e);
}

int labels_check_tenant(struct bytes tenant, struct err *e)
{
	if (tenant.n == 0 || tenant.n > TENANT_MAX)
		return err_set(e, ERR_USAGE, "tenant of %zu bytes, expected 1 to %d", tenant.n,
			       TENANT_MAX);
	if (bytes_is(tenant, ".") || bytes_is(tenant, ".."))
		return err_set(e, ERR_USAGE, "tenant '%.*s' is not allowed", BYTES_ARG(tenant));
	for (size_t i = 0; i < tenant.n; i++) {
		char c = tenant.p[i];

		if (!is_letter(c) && !is_digit(c) && (c == '\0' || !strchr("!-.*'()", c)))
			return err_set(e, ERR_USAGE,
				       "tenant '%.*s': expected letters, digits and !-_.*'()",
				       BYTES_ARG(tenant));
	}
	return 0;
}
