#include "retention/retain_ask.h"

#include <inttypes.h>

#include "base/num.h"
#include "json/json.h"
#include "limits/file.h"
#include "retention/astray.h"
#include "retention/survey.h"
#include "time/time.h"

struct asking {
	struct index_says says; /* first: it is what its functions are given */
	enum cli_format format;
	int n_missed;
};

static int on_gone(const struct retain_gone *g, void *data, struct err *e)
{
	const struct asking *a = data;
	char day[TIME_DAY_LEN + 1];
	struct buf rule = { 0 };
	int rc;

	time_day_text(g->day, day);
	if (a->format != CLI_JSONL)
		return says_line(&a->says, e,
				 "%.*s %s: %" PRIu64 " %s, %" PRIu64 " %s, %" PRIu64 " bytes: %.*s",
				 BYTES_ARG(g->tenant), day, g->chunks,
				 num_word(g->chunks, "chunk", "chunks"), g->entries,
				 num_word(g->entries, "entry", "entries"), g->bytes,
				 BYTES_ARG(g->rule));
	json_add_quoted(&rule, g->rule); /* a tenant's name needs no escapes */
	rc = says_line(&a->says, e,
		       "{\"tenant\":\"%.*s\",\"day\":\"%s\",\"rule\":%s,\"chunks\":%" PRIu64
		       ",\"entries\":%" PRIu64 ",\"bytes\":%" PRIu64 "}",
		       BYTES_ARG(g->tenant), day, buf_str(&rule), g->chunks, g->entries, g->bytes);
	buf_release(&rule);
	return rc;
}

static void on_made(const char *name, size_t n, void *data)
{
	const struct index_says *s = data;

	says_note(s, "%s '%s/%s' in place of %zu index %s", s->dry_run ? "would make" : "made",
		  store_path_of(s->store, name), name, n, num_word(n, "file", "files"));
}

static void on_missed(const char *rule, const char *why, void *data)
{
	struct asking *a = data;
	struct buf b = { 0 };

	a->n_missed++;
	buf_addf(&b, "%s: %s", rule, why);
	a->says.warn(buf_str(&b), a->says.data);
	buf_release(&b);
}

/* What expires because of a slip in a date cannot be brought back. */
static int check_now(const struct index_opts *o, int64_t clock_ns, struct err *e)
{
	if (!o->has_now || o->store.dry_run ||
	    (num_wide)o->now_ns - clock_ns <= 24 * 3600 * NS_PER_S)
		return 0;
	return err_set(e, ERR_USAGE,
		       "--now: that is more than a day after now, by the store's clock; what would "
		       "then go is told with --dry-run");
}

/* Who asked may have named the wrong store, or forgotten a file; or named one that is empty. */
static void note_idle(const struct asking *a, const struct retain *r, const char *file)
{
	struct buf b = { 0 };

	if (survey_is_wanted(r) || (r->limits && limits_any_expires(r->limits)))
		return;
	buf_add_str(&b, "nothing has a retention: ");
	if (file)
		buf_addf(&b, "'%s' sets none", file);
	else if (r->limits)
		buf_addf(&b, "'%s/%s' sets none", store_path(r->store), LIMITS_OF_STORE);
	else
		buf_addf(&b, "no --limits, and no '%s' in store '%s'", LIMITS_OF_STORE,
			 store_path(r->store));
	if (file)
		a->says.warn(buf_str(&b), a->says.data);
	else
		says_note(&a->says, "%s", buf_str(&b));
	buf_release(&b);
}

/* Of one tenant who is named nothing is told of others. All index files are gone through only for
 * who wants to know what would be done. */
static int check_limits(const struct asking *a, const struct retain *r, const char *file,
			struct err *e)
{
	struct buf name = { 0 };
	int rc;

	if (!r->limits || r->tenant.n)
		return 0;
	if (file)
		buf_add_str(&name, file);
	else
		buf_addf(&name, "%s/%s", store_path_of(r->store, LIMITS_OF_STORE), LIMITS_OF_STORE);
	rc = astray_tenants(r->limits, buf_str(&name), r->store, a->says.warn, a->says.data, e);
	if (rc == 0 && r->dry_run)
		rc = astray_streams(r->limits, buf_str(&name), r->store, a->says.warn, a->says.data,
				    e);
	buf_release(&name);
	return rc;
}

int retain_ask(struct store *s, const struct index_opts *o, struct index_says says, struct err *e)
{
	struct asking a = { says, o->store.format, 0 };
	struct report quiet = { 0 }; /* who wrote the file was told */
	struct hold *hold = NULL;
	struct retain r = { .store = s,
			    .tenant = o->store.tenant,
			    .now_ns = o->now_ns,
			    .keep_bytes = o->keep_bytes,
			    .keep_free = o->keep_free,
			    .shard = o->store.shard,
			    .n_shards = o->store.n_shards,
			    .delay_ns = o->store.delete_delay_ns,
			    .dry_run = o->store.dry_run,
			    .gone = on_gone,
			    .missed = on_missed,
			    .made = on_made,
			    .deleted = says_deleted,
			    .fault = says_fault,
			    .busy = says_busy,
			    .data = &a };
	int64_t clock_ns = 0;
	int rc = 0;

	if (o->store.dry_run)
		clock_ns = store_now_to_look(s, "");
	else
		rc = store_now(s, "", &clock_ns, e);

	if (rc == 0)
		rc = check_now(o, clock_ns, e);
	if (rc == 0 && !o->has_now)
		r.now_ns = clock_ns;
	if (rc == 0)
		rc = limits_load(o->store.limits, s, &r.limits, &quiet, e);
	if (rc == 0)
		note_idle(&a, &r, o->store.limits);
	if (rc == 0)
		rc = check_limits(&a, &r, o->store.limits, e);
	if (rc == 0)
		hold = hold_load(o->store.hold, s, e);
	if (hold) {
		r.hold = hold;
		rc = hold_check_tenants(hold, s, says.warn, says.data, e);
		if (rc == 0)
			rc = retain_store(&r, e);
	}
	limits_set_drop(r.limits);
	hold_free(hold);
	return hold && rc == 0 ? a.n_missed : -1;
}
