/* Files of objectives: any text is read or refused, with a place; what is read can be counted with.
 */
#include "fuzz.h"

#include <stdlib.h>

#include "base/buf.h"
#include "slo/file.h"
#include "slo/query.h"
#include "slo/rules.h"
#include "slo/state.h"

static void use(const struct slo *o)
{
	const struct slo_counts c = { .total = { 1000, 0 }, .bad = { 7, 0 } };
	const struct slo_alerts a = slo_alerts_default();
	const int64_t now_ns = INT64_C(1768471200) * NS_PER_S;
	struct slo_state s;
	struct buf b = { 0 };
	struct err e;

	if (!o->name.n || !slo_has_queries(o) || o->target.units <= 0)
		abort();
	slo_state_init(&s, o, now_ns, 0);
	s.m.counts = c;
	if (slo_state_settle(&s, &a, &e) < 0 && e.code != ERR_LIMIT)
		abort();
	slo_query_add(&b, o->share.n ? o->share : o->total, 3600 * NS_PER_S);
	if (slo_query_has_window(buf_bytes(&b)) && !memmem(b.p, b.n, "{{", 2))
		abort();
	buf_release(&b);
}

/* As many as there are to be: what a text could add or take away would be seen. */
static size_t rules_of(const struct slo *o, const struct slo_alerts *a)
{
	int64_t window[2 * SLO_ALERTS_MAX];
	size_t n = slo_alerts_windows(a, window), ratios = n + 1;

	for (size_t i = 0; i < n; i++)
		ratios -= window[i] == slo_period_longest(&o->period);
	return ratios + 6 + !o->page.disabled + (o->ticket.disabled ? 0 : 2);
}

static void check_rules(const struct slo_set *set, const struct slo_alerts *a,
			const struct yaml_node *root)
{
	const struct yaml_node *groups = yaml_get(root, "groups");

	if (!groups || groups->kind != YAML_LIST || groups->n != set->n)
		abort();
	for (size_t i = 0; i < set->n; i++) {
		const struct yaml_node *rules = yaml_get(groups->item[i], "rules");

		if (!rules || rules->kind != YAML_LIST || rules->n != rules_of(&set->v[i], a))
			abort();
	}
}

static void write_rules(const struct slo_set *set)
{
	const struct slo_alerts a = slo_alerts_default();
	const struct slo_rules_opts o = { .alerts = &a, .low = { 25, 2 } };
	struct arena mem = { 0 };
	struct yaml_doc doc;
	struct buf out = { 0 };
	struct err e = { 0 };

	if (slo_rules_write(set, &o, &out, &e) < 0) {
		if (e.code != ERR_USAGE && e.code != ERR_LIMIT)
			abort();
	} else if (yaml_parse(buf_bytes(&out), "rules", &mem, &doc, &e) == 0) {
		check_rules(set, &a, doc.root);
	} else if (e.code != ERR_LIMIT) {
		abort();
	}
	buf_release(&out);
	arena_release(&mem);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct report quiet = { 0 };
	const struct slo_file_opts o = { .period = { .length_ns = 86400 * NS_PER_S },
					 .report = &quiet };
	struct slo_set set = { 0 };
	struct err e = { 0 };

	if (slo_file_read(bytes_of(data, size), "f", &o, &set, &e) < 0) {
		if (e.code == ERR_NONE || !e.msg[0])
			abort();
	} else {
		for (size_t i = 0; i < set.n; i++)
			use(&set.v[i]);
		write_rules(&set);
	}
	slo_set_release(&set);
	return 0;
}
