#include "index/compact_ask.h"

#include "index/compact.h"
#include "store/names.h"
#include "store/store.h"

struct asking {
	struct index_says says; /* first: it is what its functions are given */
	enum cli_format format;
	struct err failure; /* the sink's first */
};

/* A tenant's name and that of an index file need no escapes. */
static int print_made(const struct asking *a, const char *name, size_t n, struct err *e)
{
	char day[TIME_DAY_LEN + 1];
	struct store_name sn;

	if (a->format != CLI_JSONL)
		return says_line(&a->says, e, "%s/%s", store_path_of(a->says.store, name), name);
	if (store_name_parse(bytes_str(name), &sn, e) < 0)
		return -1;
	time_day_text(sn.day, day);
	return says_line(
		&a->says, e,
		"{\"tenant\":\"%.*s\",\"day\":\"%s\",\"index_files\":%zu,\"made\":[\"%s\"]}",
		BYTES_ARG(sn.tenant), day, n, name);
}

static void on_made(const char *name, size_t n, void *data)
{
	struct asking *a = data;

	if (a->failure.code == ERR_NONE && print_made(a, name, n, &a->failure) < 0)
		return;
	says_note(&a->says, "%s: in place of %zu index files", name, n);
}

int index_compact_ask(struct store *s, const struct index_opts *o, struct index_says says,
		      struct err *e)
{
	struct asking a = { .says = says, .format = o->store.format };
	const struct index_compaction c = { .store = s,
					    .tenant = o->store.tenant,
					    .one_day = o->store.one_day,
					    .day = o->store.day,
					    .delay_ns = o->store.delete_delay_ns,
					    .dry_run = o->store.dry_run,
					    .made = on_made,
					    .deleted = says_deleted,
					    .fault = says_fault,
					    .busy = says_busy,
					    .data = &a };

	if (index_compact(&c, e) < 0)
		return -1;
	return a.failure.code == ERR_NONE ? 0 : err_set(e, a.failure.code, "%s", a.failure.msg);
}
