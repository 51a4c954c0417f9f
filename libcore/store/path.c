/* What may be the path of a store, and what only looks like an address of one. */
#include <ctype.h>

#include "store/parts.h"
#include "store/s3_url.h"

/* "S3://", "gs://", "s3:/": a word as RFC 3986 has schemes, and ":/". */
static bool has_scheme(const char *path)
{
	size_t n = 0;

	if (!isalpha((unsigned char)path[0]))
		return false;
	while (isalnum((unsigned char)path[n]) || (path[n] && strchr("+.-", path[n])))
		n++;
	return path[n] == ':' && path[n + 1] == '/';
}

static int check_folder(const char *path, const char *expected, struct err *e)
{
	if (path[strspn(path, " \t\r\n")] == '\0')
		return err_set(e, ERR_USAGE, "expected %s, found '%s'", expected, path);
	if (has_scheme(path))
		return err_set(e, ERR_USAGE,
			       "expected %s, found '%s' (a folder of this name is './%s')",
			       expected, path, path);
	return 0;
}

int store_check_folder(const char *path, struct err *e)
{
	return check_folder(path, "a folder", e);
}

int store_path_check(const char *path, struct err *e)
{
	struct s3_place place;

	if (!s3_is_url(path))
		return check_folder(path, "a store, which is a folder or s3://BUCKET/PREFIX", e);
	if (s3_place_parse(path, &place, e) < 0)
		return -1;
	s3_place_release(&place);
	return 0;
}
