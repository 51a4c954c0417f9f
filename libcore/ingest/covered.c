#include "ingest/covered.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "time/time.h"
#include "wal/sidecar.h"

static const char UNNAMED[] = ".wal.tmp", SIDECAR[] = ".sum";

enum { SWEEP_AGE_S = 3600 };

/* What the sidecar says of tenants and days; a segment without one is read, and gets one. */
static int get_sum(const struct wal_segment *seg, struct streams *streams, struct wal_sum *ret,
		   struct err *e)
{
	struct err ignored;
	int rc = wal_sum_load_days(seg, streams, ret, e);

	if (rc != 0)
		return rc < 0 ? -1 : 0;
	if (wal_sum_read(seg, WAL_SUM_VERIFY, streams, ret, e) < 0)
		return -1;
	if (ret->next)
		return wal_segment_is_several(ret->next, e);
	if (wal_sum_write(seg, ret, streams, &ignored) < 0)
		ignored.code =
			ERR_NONE; /* a cache: on a full disk the answer is as good without it */
	return 0;
}

/* What is wrong with the store is told, so one day that is not packed yet does not end it. */
static int ask_days(struct cover *c, const struct wal_sum *sum, const struct streams *streams,
		    enum covered *ret, struct err *e)
{
	*ret = COVERED_WHOLE;
	for (size_t i = 0; i < sum->n_days; i++) {
		const struct wal_sum_day *d = &sum->day[i];
		struct bytes tenant = streams_tenant(streams, d->tenant);
		int has = cover_has(c, &sum->seal, tenant, d->day, e);
		int sound = has > 0 ? cover_is_sound(c, &sum->seal, tenant, d->day, e) : has;

		if (sound < 0)
			return -1;
		if (has && !sound)
			*ret = COVERED_UNSOUND;
		else if (!has && *ret == COVERED_WHOLE)
			*ret = COVERED_NOT;
	}
	return 0;
}

int covered_ask(struct cover *c, const struct wal_segment *seg, enum covered *ret, struct err *e)
{
	struct wal_sum sum = { 0 };
	struct streams *streams;
	uint64_t was;
	int rc;

	if (seg->state == WAL_OPEN) {
		*ret = COVERED_OPEN;
		return 0;
	}
	if (!seg->has_header || wal_sum_is_cut(seg, &was)) {
		*ret = seg->is_empty && !wal_sum_is_cut(seg, &was) ? COVERED_EMPTY
								   : COVERED_DAMAGED;
		return 0;
	}
	streams = streams_new();
	rc = get_sum(seg, streams, &sum, e);
	if (rc == 0 && sum.tail == WAL_TAIL_DAMAGED)
		*ret = COVERED_DAMAGED;
	else if (rc == 0)
		rc = ask_days(c, &sum, streams, ret, e);
	wal_sum_release(&sum);
	streams_free(streams);
	return rc;
}

int covered_is_damaged(const struct wal_segment *seg, struct err *e)
{
	struct wal_sum sum = { 0 };
	struct streams *streams;
	uint64_t was;
	int rc;

	if (wal_sum_is_cut(seg, &was))
		return 1;
	if (!seg->has_header)
		return !seg->is_empty;
	streams = streams_new();
	rc = get_sum(seg, streams, &sum, e);
	if (rc == 0)
		rc = sum.tail == WAL_TAIL_DAMAGED;
	else if (e->code == ERR_CORRUPT)
		rc = 1;
	wal_sum_release(&sum);
	streams_free(streams);
	return rc;
}

int covered_note_damage(const struct wal_segment *seg, struct err *e)
{
	struct streams *streams = streams_new();
	struct wal_sum sum = { 0 };
	int rc = wal_sum_read(seg, WAL_SUM_VERIFY, streams, &sum, e);

	if (rc == 0) {
		sum.tail = WAL_TAIL_DAMAGED;
		rc = wal_sum_write(seg, &sum, streams, e);
	}
	wal_sum_release(&sum);
	streams_free(streams);
	return rc;
}

/* One that is young may belong to a writer that is just making it. */
static bool is_abandoned(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode) &&
	       st.st_mtime < time_now_ns() / NS_PER_S - SWEEP_AGE_S;
}

static bool ends_in(const char *name, const char *suffix)
{
	size_t n = strlen(name), k = strlen(suffix);

	return n > k && strcmp(name + n - k, suffix) == 0;
}

static bool is_sidecar(const char *name)
{
	int64_t ns;

	return ends_in(name, SIDECAR) && wal_segment_name_time(name, &ns);
}

/* Is a sidecar's segment gone? It is there before the sidecar, and goes after it. */
static bool is_orphan(struct buf *path)
{
	struct buf segment = { 0 };
	bool gone;

	buf_add(&segment, path->p, path->n - (sizeof(SIDECAR) - 1));
	buf_add_str(&segment, ".wal");
	gone = access(buf_str(&segment), F_OK) < 0 && errno == ENOENT;
	buf_release(&segment);
	return gone;
}

int covered_sweep(const char *dir, struct err *e)
{
	struct buf path = { 0 };
	struct stat st;
	int rc = 0;
	DIR *d;

	if (stat(dir, &st) == 0 && !S_ISDIR(st.st_mode))
		return 0;
	if (io_opendir(dir, &d, e) < 0)
		return -1;
	if (!d)
		return 0;
	for (struct dirent *de; rc == 0 && (de = readdir(d)) != NULL;) {
		bool unnamed = ends_in(de->d_name, UNNAMED);

		if (!unnamed && !is_sidecar(de->d_name))
			continue;
		buf_reset(&path);
		buf_addf(&path, "%s/%s", dir, de->d_name);
		if ((unnamed ? is_abandoned(buf_str(&path)) : is_orphan(&path)) &&
		    unlink(buf_str(&path)) < 0 && errno != ENOENT)
			rc = err_sys(e, "cannot delete '%s'", buf_str(&path));
	}
	closedir(d);
	buf_release(&path);
	return rc == 0 ? file_replace_sweep(dir, e) : -1;
}
