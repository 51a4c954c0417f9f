#include "cost/plan_options.h"

#include "cost/inputs.h"
#include "cost/record.h"
#include "store/tenants.h"
#include "time/time.h"

enum { DAYS_MAX = 100000 };

int cost_take_day(void *at, const char *value, struct err *e)
{
	if (!time_day_parse(bytes_str(value), at))
		return cost_no_day(bytes_str(value), "2026-01-15", ERR_USAGE, e);
	return 0;
}

int cost_take_tenant(void *at, const char *value, struct err *e)
{
	(void)e;
	*(struct bytes *)at = bytes_str(value);
	return 0;
}

int cost_take_tier(void *at, const char *value, struct err *e)
{
	const int64_t day = 86400 * NS_PER_S;
	struct cost_plan_opts *o = at;
	struct bytes age, class = bytes_str(value);
	int64_t ns;

	if (o->n_tiers == COST_TIERS_MAX)
		return err_set(e, ERR_USAGE, "more than %d tiers", COST_TIERS_MAX);
	bytes_split(&class, '=', &age);
	if (!class.p || class.n == 0 || time_parse_age(age, &ns, NULL) < 0 || ns < 0 || ns % day)
		return err_set(e, ERR_USAGE,
			       "expected an age in days and a storage class as 30d=glacier-ir, "
			       "found '%s'",
			       value);
	if (o->n_tiers && o->tier[o->n_tiers - 1].days >= ns / day)
		return err_set(e, ERR_USAGE, "tiers are given by age, the youngest first");
	o->tier[o->n_tiers++] = (struct usage_tier){ (uint32_t)(ns / day), class.p };
	return 0;
}

void cost_plan_default(struct cost_plan_opts *o, const struct cost_base *base)
{
	/* 1970-01-01 is what a struct of zeros says; nobody means it. */
	if (o->at == 0)
		o->at = time_day(base->now_ns);
	if (!o->class)
		o->class = "standard";
}

int cost_plan_prices(const struct cost_plan_opts *o, struct arena *a, struct prices *ret,
		     struct err *e)
{
	struct bytes text;

	if (!o->prices)
		return err_set(e, ERR_USAGE, "what does it cost? Name a price file with --prices");
	if (cost_read_text(o->prices, a, &text, e) < 0)
		return -1;
	return prices_read(text, o->prices, a, ret, e);
}

struct faults {
	struct cli *cli;
	enum cost_damage damage;
	unsigned n;
};

static void on_fault(const struct err *e, void *data)
{
	struct faults *f = data;

	cli_report_once(f->cli, e);
	f->n++;
}

/* What writers that died have left does not hinder who measures the rest. */
static void on_unindexed(const struct err *e, bool may_come, void *data)
{
	struct faults *f = data;

	if (f->damage == COST_DAMAGE_COUNTED && !may_come)
		on_fault(e, data);
	else
		cli_warn(f->cli, "%s", e->msg);
}

static int read_usage(const struct cost_plan_opts *o, const struct cost_base *base,
		      const struct usage_ask *ask, struct usage *ret, struct err *e)
{
	*ret = (struct usage){ 0 };
	if (!store_seeks_tenant(ask->store, o->tenant, base->cli))
		return 0;
	if (usage_read(ask, ret, e) < 0)
		return -1;
	if (o->at < time_day(base->now_ns)) /* else later days are those of clocks that are wrong */
		usage_until(ret, o->at);
	return 0;
}

int cost_plan_usage(const struct cost_plan_opts *o, const struct cost_base *base, const char *label,
		    enum cost_damage damage, struct usage *ret, struct err *e)
{
	struct faults faults = { .cli = base->cli, .damage = damage };
	struct usage_ask ask = { .tenant = o->tenant,
				 .label = label,
				 .class = o->class,
				 .fault = on_fault,
				 .unindexed = on_unindexed,
				 .data = &faults,
				 .now_ns = base->now_ns };
	int rc;

	if (!o->store)
		return err_set(e, ERR_USAGE, "which store? Name it with --store");
	ask.store = store_open_marked(o->store, e); /* of a mistaken folder all would be nothing */
	if (!ask.store)
		return -1;
	rc = read_usage(o, base, &ask, ret, e);
	if (rc == 0 && faults.n && damage == COST_DAMAGE_REFUSED) {
		usage_release(ret);
		rc = err_set(e, ERR_CORRUPT,
			     "'%s': nothing is measured, since not all index files can be read",
			     o->store);
	}
	store_say_peer(ask.store, base->cli);
	store_close(ask.store);
	return rc;
}
