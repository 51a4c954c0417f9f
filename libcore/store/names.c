#include "store/names.h"

#include "labels/labels.h"
#include "time/time.h"

static const struct {
	const char *folder, *suffix;
} kinds[] = {
	[STORE_PACK] = { "chunks", ".pack" },
	[STORE_INDEX] = { "index", ".idx" },
};

const char *const store_tenant_folders[] = { "chunks",	 "index",     "deletes",
					     "receipts", "processed", NULL };

enum { N_KINDS = sizeof(kinds) / sizeof(kinds[0]) };

const char *store_suffix(enum store_kind kind)
{
	return kinds[kind].suffix;
}

void store_folder_add_all(struct buf *b, enum store_kind kind, struct bytes tenant)
{
	buf_add_bytes(b, tenant);
	buf_addf(b, "/%s/", kinds[kind].folder);
}

void store_folder_add(struct buf *b, enum store_kind kind, struct bytes tenant, int32_t day)
{
	char text[TIME_DAY_LEN + 1];

	time_day_text(day, text);
	store_folder_add_all(b, kind, tenant);
	buf_addf(b, "%s/", text);
}

void store_name_add(struct buf *b, const struct store_name *n)
{
	char hex[HASH128_HEX + 1];

	hash128_hex(&n->hash, hex);
	store_folder_add(b, n->kind, n->tenant, n->day);
	buf_add_str(b, hex);
	buf_add_str(b, kinds[n->kind].suffix);
}

/* Cuts the last part off *path: what stands behind its last '/'. */
static struct bytes cut_last(struct bytes *path)
{
	size_t at = path->n;
	struct bytes part;

	while (at > 0 && path->p[at - 1] != '/')
		at--;
	part = bytes_sub(*path, at, path->n);
	while (at > 0 && path->p[at - 1] == '/')
		at--;
	path->n = at;
	return part;
}

int store_name_parse(struct bytes path, struct store_name *ret, struct err *e)
{
	struct bytes file = cut_last(&path), day = cut_last(&path);
	struct bytes folder = cut_last(&path), tenant = cut_last(&path);
	struct store_name n = { .tenant = tenant };
	struct bytes hex = bytes_sub(file, 0, HASH128_HEX);
	struct bytes suffix = bytes_sub(file, HASH128_HEX, file.n);
	int kind = 0;

	while (kind < N_KINDS && !bytes_is(folder, kinds[kind].folder))
		kind++;
	if (kind == N_KINDS)
		return err_set(e, ERR_USAGE,
			       "expected TENANT/chunks/DAY/NAME.pack or TENANT/index/DAY/NAME.idx");
	n.kind = (enum store_kind)kind;
	if (!bytes_is(suffix, kinds[kind].suffix) || !hash128_parse(hex, &n.hash))
		return err_set(e, ERR_USAGE,
			       "expected 32 hexadecimal digits and '%s', found '%.*s'",
			       kinds[kind].suffix, BYTES_ARG(file));
	if (!time_day_parse(day, &n.day))
		return err_set(e, ERR_USAGE, "expected a day, found '%.*s'", BYTES_ARG(day));
	if (labels_check_tenant(tenant, e) < 0)
		return -1;
	*ret = n;
	return 0;
}
