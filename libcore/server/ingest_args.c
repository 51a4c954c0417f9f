#include "server/ingest_args.h"

#include "base/buf.h"
#include "time/time.h"

static void add(const char **argv, size_t *n, const char *option, const char *value)
{
	argv[(*n)++] = option;
	argv[(*n)++] = value;
}

/* Empties b. */
static const char *keep(struct arena *a, struct buf *b)
{
	const char *ret;

	buf_add_char(b, '\0');
	ret = arena_copy(a, buf_bytes(b)).p;
	buf_reset(b);
	return ret;
}

void ingest_args_add(const struct ingest_log *log, struct arena *a, const char **argv, size_t *n)
{
	struct buf b = { 0 };

	add(argv, n, "--wal", log->wal_dir);
	add(argv, n, "--sync", log->sync);
	if (log->segment_bytes) {
		buf_addf(&b, "%llu", (unsigned long long)log->segment_bytes);
		add(argv, n, "--segment-size", keep(a, &b));
	}
	if (log->segment_age_ns) {
		time_add_duration(&b, log->segment_age_ns);
		add(argv, n, "--segment-age", keep(a, &b));
	}
	if (log->disk_full_threshold > 0 && log->disk_full_threshold < 1) {
		buf_addf(&b, "%.2f%%", 100 * (1 - log->disk_full_threshold));
		add(argv, n, "--reserve", keep(a, &b));
	}
	buf_release(&b);
}
