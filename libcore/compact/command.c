#include "compact/command.h"

#include "compact/report.h"

struct command {
	struct index_says says; /* first: it is what its functions are given */
	const struct pack_opts *o;
	bool any; /* copied, or to be copied */
};

static bool is_jsonl(const struct command *c)
{
	return c->o->store.format == CLI_JSONL;
}

/* ---- compaction ---- */

static int on_pack(void *data, const char *name, struct err *e)
{
	const struct command *c = data;

	if (is_jsonl(c)) /* each is named with its day */
		return 0;
	return says_line(&c->says, e, "%s/%s", store_path(c->says.store), name);
}

static int on_plan(void *data, const struct compact_plan *p, struct err *e)
{
	const struct command *c = data;
	struct buf b = { 0 };
	int rc;

	report_plan(&b, p, c->o->store.format);
	rc = says_line(&c->says, e, "%s", buf_str(&b));
	buf_release(&b);
	return rc;
}

static int on_day(void *data, const struct compact_day *d, struct err *e)
{
	const struct command *c = data;
	struct buf b = { 0 };
	int rc = 0;

	report_compacted(&b, d, c->o->store.format);
	if (is_jsonl(c))
		rc = says_line(&c->says, e, "%s", buf_str(&b));
	else
		says_note(&c->says, "%s", buf_str(&b));
	buf_release(&b);
	return rc;
}

static void on_deleted(void *data, const char *name)
{
	says_deleted(name, 0, data);
}

static void on_left(void *data, struct bytes tenant, int32_t day, const char *why)
{
	const struct command *c = data;
	struct buf b = { 0 };

	report_tenant_day(&b, tenant, day);
	says_note(&c->says, "%s%s", buf_str(&b), why);
	buf_release(&b);
}

static void on_fault(void *data, const struct err *fault)
{
	says_fault(fault, data);
}

int compact_command(const struct pack_opts *o, struct store *s, struct index_says says,
		    struct err *e)
{
	struct command command = { .says = says, .o = o };
	struct compact_opts c = pack_opts_compact(o);

	c.store = s;
	c.on_pack = on_pack;
	c.on_plan = on_plan;
	c.on_fault = on_fault;
	c.on_day = on_day;
	c.on_deleted = on_deleted;
	c.on_left = on_left;
	c.data = &command;
	return compact_store(&c, e);
}

/* ---- copying ---- */

static int on_copied(void *data, const struct copy_day *d, struct err *e)
{
	struct command *c = data;
	struct buf b = { 0 };
	int rc;

	c->any = true;
	report_copied(&b, d, c->o->store.dry_run ? REPORT_DRY : REPORT_DONE, c->o->store.format);
	rc = says_line(&c->says, e, "%s", buf_str(&b));
	buf_release(&b);
	return rc;
}

static void on_written(void *data, const char *name)
{
	const struct command *c = data;

	says_note(&c->says, "wrote '%s/%s'", store_path_of(c->says.store, name), name);
}

/* Something is selected, and could not be copied. */
static void on_copy_fault(void *data, const struct err *fault)
{
	struct command *c = data;

	c->any = true;
	says_fault(fault, &c->says);
}

/* What selects may be misspelt. */
static void warn_of_nothing(const struct command *c, const struct store *from)
{
	const struct store_opts *o = &c->o->store;
	char day[TIME_DAY_LEN + 1];
	struct buf b = { 0 };

	buf_addf(&b, "there is nothing to copy in store '%s'", store_path(from));
	if (o->tenant.n)
		buf_addf(&b, " of tenant '%.*s'", BYTES_ARG(o->tenant));
	if (o->one_day) {
		time_day_text(o->day, day);
		buf_addf(&b, " of %s", day);
	}
	if (c->o->selector.n)
		buf_addf(&b, " that fits %.*s", BYTES_ARG(c->o->selector));
	c->says.warn(buf_str(&b), c->says.data);
	buf_release(&b);
}

int copy_command(const struct pack_opts *o, struct store *from, struct store *to,
		 struct index_says says, struct err *e)
{
	struct command command = { .says = says, .o = o };
	struct copy_opts c = pack_opts_copy(o);
	int rc;

	c.from = from;
	c.to = to;
	c.on_day = on_copied;
	c.on_object = on_written;
	c.on_fault = on_copy_fault;
	c.data = &command;
	rc = copy_store(&c, e);
	if (rc == 0 && !command.any && o->store.n_shards <= 1)
		warn_of_nothing(&command, from);
	return rc;
}
