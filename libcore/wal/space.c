#include "wal/space.h"

#include <sys/statvfs.h>

#include "base/buf.h"
#include "base/num.h"

static int is_full(uint64_t free_bytes, uint64_t kept, uint64_t n, const struct wal_reserve *r,
		   struct err *e)
{
	struct buf text = { 0 };

	num_add_size(&text, free_bytes);
	buf_add_str(&text, " are free, ");
	num_add_size(&text, kept);
	if (kept > r->bytes)
		buf_addf(&text, " (%g %%)", r->percent);
	buf_add_str(&text, " are kept (--reserve), ");
	num_add_size(&text, n);
	err_set(e, ERR_FULL, "the disk is nearly full: %s more were to be written", buf_str(&text));
	buf_release(&text);
	return -1;
}

int wal_space_check(const char *path, const struct wal_reserve *r, uint64_t n, struct err *e)
{
	uint64_t kept = r->bytes, part, is_free;
	struct statvfs fs;

	if (r->bytes == 0 && r->percent <= 0)
		return 0;
	if (statvfs(path, &fs) < 0)
		return err_sys(e, "cannot ask how full the disk of '%s' is", path);
	part = (uint64_t)((double)fs.f_blocks * (double)fs.f_frsize * r->percent / 100);
	kept = part > kept ? part : kept;
	is_free = (uint64_t)fs.f_bavail * fs.f_frsize;
	return is_free < kept || is_free - kept < n ? is_full(is_free, kept, n, r, e) : 0;
}
