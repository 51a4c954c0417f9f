#include "erase/command.h"

#include "base/num.h"
#include "compact/report.h"
#include "erase/erase.h"
#include "erase/scrub.h"
#include "json/json.h"
#include "limits/file.h"
#include "retention/hold.h"
#include "store/names.h"
#include "store/store.h"
#include "store/tenants.h"
#include "time/time.h"

struct command {
	struct index_says says; /* first: it is what its functions are given */
	const struct pack_opts *o;
};

/* Releases b. */
static int print(const struct command *c, struct buf *b, struct err *e)
{
	int rc = says_line(&c->says, e, "%s", buf_str(b));

	buf_release(b);
	return rc;
}

/* A tenant's name and an id need no escapes. */
static void add_json(struct buf *b, const struct erase_day *d)
{
	char day[TIME_DAY_LEN + 1];

	time_day_text(d->day, day);
	buf_addf(b, "{\"tenant\":\"%.*s\",\"day\":\"%s\",\"id\":\"%.*s\",\"query\":",
		 BYTES_ARG(d->tenant), day, BYTES_ARG(d->id));
	json_add_quoted(b, d->query);
	buf_addf(b,
		 ",\"packs\":%llu,\"chunks\":%llu,\"entries\":%llu,\"bytes\":%llu,\"held\":%llu}",
		 (unsigned long long)d->packs, (unsigned long long)d->chunks,
		 (unsigned long long)d->entries, (unsigned long long)d->bytes,
		 (unsigned long long)d->held);
}

static int print_day(void *data, const struct erase_day *d, struct err *e)
{
	const struct command *c = data;
	struct buf b = { 0 };

	if (c->o->store.format == CLI_JSONL) {
		add_json(&b, d);
		return print(c, &b, e);
	}
	report_tenant_day(&b, d->tenant, d->day);
	buf_addf(&b, "%.*s: ", BYTES_ARG(d->id));
	num_add_count(&b, d->entries, "entry, ", "entries, ");
	num_add_size(&b, d->bytes);
	buf_add_str(&b, c->o->scrub ? c->o->store.dry_run ? " of lines would be rewritten in "
							  : " of lines rewritten in "
			: c->o->store.dry_run ? " of lines would go from "
					      : " of lines gone from ");
	num_add_count(&b, d->packs, "pack", "packs");
	if (d->held) {
		buf_add_str(&b, "; ");
		num_add_count(&b, d->held, "entry held", "entries held");
	}
	return print(c, &b, e);
}

static void add_path(struct buf *b, const struct command *c, struct bytes tenant, int32_t day,
		     const struct hash128 *pack)
{
	const struct store_name sn = { STORE_PACK, day, tenant, *pack };

	buf_addf(b, "'%s/", store_path(c->says.store));
	store_name_add(b, &sn);
	buf_add_char(b, '\'');
}

static void say_pack(void *data, struct bytes tenant, int32_t day, const struct hash128 *before,
		     const struct hash128 *after)
{
	const struct command *c = data;
	struct buf b = { 0 };

	add_path(&b, c, tenant, day, before);
	buf_add_str(&b, " became ");
	add_path(&b, c, tenant, day, after);
	says_note(&c->says, "%s", buf_str(&b));
	buf_release(&b);
}

static void say_deleted(void *data, const char *name)
{
	says_deleted(name, 0, data);
}

static int print_lost(const char *name, void *data, struct err *e)
{
	const struct command *c = data;
	struct buf b = { 0 };

	if (c->o->store.format == CLI_JSONL) {
		buf_add_str(&b, "{\"lost\":");
		json_add_quoted(&b, bytes_str(name));
		buf_add_char(&b, '}');
	} else {
		buf_addf(&b, "%s '%s/%s': set aside more than 30 days ago",
			 c->o->store.dry_run ? "would delete" : "deleted",
			 store_path(c->says.store), name);
	}
	return print(c, &b, e);
}

static void say_merged(void *data, const char *name, size_t n_requests, size_t n_files)
{
	const struct command *c = data;
	struct buf b = { 0 };

	num_add_count(&b, n_requests, "request to delete", "requests to delete");
	buf_addf(&b, " of %zu files %s", n_files, *name ? "are in" : "would be in one");
	if (*name)
		buf_addf(&b, " '%s/%s'", store_path(c->says.store), name);
	says_note(&c->says, "%s", buf_str(&b));
	buf_release(&b);
}

static void say_busy(void *data, struct bytes tenant, int32_t day)
{
	const struct command *c = data;
	struct buf b = { 0 };

	report_tenant_day(&b, tenant, day);
	says_note(&c->says, "%sleft to the next run: somebody else is at work on it", buf_str(&b));
	buf_release(&b);
}

static void fault(void *data, const struct err *e)
{
	says_fault(e, data);
}

/* A rule of a tenant who is not there may have been misspelt, as a line of a hold may. */
static void check_tenants(const struct command *c, struct store *s, const struct scrub_rules *rules)
{
	for (size_t i = 0; i < rules->n; i++) {
		struct bytes tenant = rules->v[i].tenant;
		struct err why;

		if (tenant.n == 0 || store_check_tenant(s, tenant, &why) == 0 || why.code != ERR_NO)
			continue;
		err_wrap(&why, "'%s'", c->o->scrub);
		c->says.warn(why.msg, c->says.data);
	}
}

int erase_command(const struct pack_opts *o, struct store *s, struct index_says says, struct err *e)
{
	struct command c = { says, o };
	struct erase_opts r = { .store = s,
				.tenant = o->store.tenant,
				.cancel_ns = o->cancel_ns,
				.memory_bytes = o->memory_bytes,
				.jobs = (unsigned)o->jobs,
				.shard = o->store.shard,
				.n_shards = o->store.n_shards,
				.delete_delay_ns = o->store.delete_delay_ns,
				.dry_run = o->store.dry_run,
				.on_day = print_day,
				.on_pack = say_pack,
				.on_lost = print_lost,
				.on_fault = fault,
				.on_deleted = say_deleted,
				.on_busy = say_busy,
				.on_merged = say_merged,
				.data = &c };
	struct limits_set *limits = NULL;
	struct scrub_rules rules = { 0 };
	struct report report = { 0 };
	struct hold *hold = NULL;
	int rc = limits_load(o->store.limits, s, &limits, &report, e);

	r.limits = limits;
	if (rc == 0 && o->scrub) {
		rc = scrub_load(o->scrub, &rules, e);
		check_tenants(&c, s, &rules);
		r.scrub = &rules;
	}
	if (rc == 0) {
		r.hold = hold = hold_load(o->store.hold, s, e);
		rc = hold ? hold_check_tenants(hold, s, says.warn, says.data, e) : -1;
		if (rc == 0)
			rc = erase_store(&r, e);
	}
	hold_free(hold);
	scrub_release(&rules);
	limits_set_drop(limits);
	return rc;
}
