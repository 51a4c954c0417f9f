#include "server/flush_sight.h"

#include <sys/statvfs.h>
#include <unistd.h>

#include "ingest/mend.h"
#include "server/config.h"
#include "wal/segment.h"

/* How much of its disk is taken: 0 to 1. */
static double disk_usage(const char *folder)
{
	struct statvfs fs;

	if (statvfs(folder, &fs) < 0 || fs.f_blocks == 0)
		return 0;
	return 1 - (double)fs.f_bavail / (double)fs.f_blocks;
}

/* lokid-ingest makes it; after that nothing but a mistake takes it away, and what was in it. */
static int check_folder(const char *wal, bool *had, struct err *e)
{
	if (access(wal, F_OK) == 0)
		*had = true;
	else if (*had)
		return err_sys(e, "the log's folder '%s' was taken away", wal);
	return 0;
}

/* Those of another user's, most often: no flush has them, and each query fails. */
static void look_at_unread(struct server *s, struct leftover *l, const struct wal_list *list,
			   struct flush_sight *ret)
{
	ret->n_unread = list->n_faults;
	if (list->n_faults)
		ret->unread = list->fault[0];
	for (size_t i = 0; i < list->n_faults; i++)
		log_event(&s->log, leftover_cannot_open(l, &list->fault[i]) ? LOG_DEBUG : LOG_ERROR,
			  "a segment of the log cannot be read", "err", list->fault[i].msg, NULL);
}

static void look_at_segment(struct leftover *l, const struct wal_segment *s,
			    struct flush_sight *ret)
{
	int64_t begun_ns = s->header.created_ns;

	if (s->state == WAL_OPEN) {
		if (begun_ns < ret->oldest_open_ns)
			ret->oldest_open_ns = begun_ns;
		return;
	}
	leftover_saw(l, s);
	ret->n_closed++;
	ret->closed_bytes += s->size;
	if (!ret->oldest_unflushed_ns || begun_ns < ret->oldest_unflushed_ns)
		ret->oldest_unflushed_ns = begun_ns;
}

int flush_sight_look(struct server *s, struct leftover *l, bool *had_folder,
		     struct flush_sight *ret, struct err *e)
{
	const char *wal = s->config->wal;
	struct wal_list list = { 0 };

	*ret = (struct flush_sight){ .oldest_open_ns = INT64_MAX, .disk_usage = disk_usage(wal) };
	leftover_look(l);
	if (check_folder(wal, had_folder, e) < 0 || wal_list_dir(wal, &list, e) < 0)
		return -1;
	for (size_t i = 0; i < list.n; i++)
		look_at_segment(l, &list.v[i], ret);
	look_at_unread(s, l, &list, ret);
	wal_list_release(&list);
	return mend_count_aside(wal, &ret->n_aside, e);
}
