#include "index/fsck_day.h"

#include "chunk/chunk.h"
#include "index/format.h"

enum { START = 4 };

enum fsck_start fsck_start(struct store *s, const struct store_name *sn, const char *name)
{
	static const char zeros[START];
	struct store_file f = { 0 };
	char start[START] = { 0 };
	struct err why;
	bool ours;

	if (store_file_open(s, name, &f, &why) < 0)
		return why.code == ERR_NO ? FSCK_START_NOTHING : FSCK_START_OTHER;
	if (store_file_read(&f, 0, start, f.size < START ? f.size : START, &why) < 0) {
		store_file_close(&f);
		return why.code == ERR_NO ? FSCK_START_NOTHING : FSCK_START_OTHER;
	}
	store_file_close(&f);
	ours = sn->kind == STORE_PACK ? chunk_is_magic(bytes_of(start, START))
				      : memcmp(start, index_magic, START) == 0;
	if (ours)
		return FSCK_START_OURS;
	return memcmp(start, zeros, START) == 0 ? FSCK_START_NOTHING : FSCK_START_OTHER;
}
