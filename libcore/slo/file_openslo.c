/*
 * OpenSLO, v1: documents of a kind each. Read are SLO, and SLI, which others name; the kinds that
 * say whom to tell, and how, are left to the rules that are made here.
 */
#include "base/mem.h"
#include "slo/file_part.h"
#include "time/zone.h"

/* An objective, by its place in the set, that takes its queries from a document of kind SLI. */
struct openslo_later {
	size_t at;
	const struct yaml_node *name;
};

static const char *const root_keys[] = { "apiVersion", "kind", "metadata", "spec", NULL };
static const char *const metadata_keys[] = { "name", "displayName", "labels", "annotations", NULL };
static const char *const spec_keys[] = { "description",	 "service",	  "indicator",
					 "indicatorRef", "timeWindow",	  "budgetingMethod",
					 "objectives",	 "alertPolicies", NULL };
static const char *const objective_keys[] = { "displayName",
					      "target",
					      "targetPercent",
					      "op",
					      "value",
					      "timeSliceTarget",
					      "indicator",
					      "indicatorRef",
					      "compositeWeight",
					      "timeSliceWindow",
					      NULL };
static const char *const window_keys[] = { "duration", "isRolling", "calendar", NULL };
static const char *const calendar_keys[] = { "startTime", "timeZone", NULL };
static const char *const indicator_keys[] = { "metadata", "spec", NULL };
static const char *const sli_keys[] = { "description", "ratioMetric", "thresholdMetric", NULL };
static const char *const ratio_keys[] = {
	"counter", "good", "bad", "total", "raw", "rawType", NULL
};
static const char *const metric_keys[] = { "metricSource", NULL };
static const char *const source_keys[] = { "metricSourceRef", "type", "spec", NULL };
static const char *const query_keys[] = { "query", NULL };

/* What is part of the form, but does nothing here. */
static const char *const unused_keys[] = { "counter",	      "op",
					   "value",	      "timeSliceTarget",
					   "timeSliceWindow", "compositeWeight",
					   "alertPolicies",   NULL };

static void warn_unused(struct slo_file *f, const struct yaml_node *map)
{
	for (size_t i = 0; unused_keys[i]; i++)
		if (yaml_get(map, unused_keys[i]))
			report_say(f->report, REPORT_WARNING, yaml_get(map, unused_keys[i]),
				   "'%s' is not used", unused_keys[i]);
}

/* --- indicators ------------------------------------------------------------------------------ */

/* Whose language a query is in. */
static void check_type(struct slo_file *f, const struct yaml_node *source)
{
	struct bytes type = file_text(f, source, "type");

	if (type.n && !bytes_is(type, "Prometheus") && !bytes_is(type, "prometheus") &&
	    !bytes_is(type, "Loki") && !bytes_is(type, "loki"))
		report_say(f->report, REPORT_WARNING, yaml_get(source, "type"),
			   "'type': queries are asked as PromQL or LogQL, found '%.*s'",
			   BYTES_ARG(type));
}

static struct bytes read_metric(struct slo_file *f, const struct yaml_node *ratio, const char *key)
{
	const struct yaml_node *metric = yaml_get(ratio, key), *source, *spec;

	if (!metric || !file_check_map(f, metric, key, metric_keys))
		return (struct bytes){ 0 };
	source = yaml_get(metric, "metricSource");
	spec = source ? yaml_get(source, "spec") : NULL;
	if (!spec) {
		report_error_at(f->report, metric, "'%s': 'metricSource.spec.query' is missing",
				key);
		return (struct bytes){ 0 };
	}
	if (!file_check_map(f, source, "metricSource", source_keys) ||
	    !file_check_map(f, spec, "spec", query_keys))
		return (struct bytes){ 0 };
	check_type(f, source);
	file_need(f, spec, "query", key);
	return file_query(f, spec, "query");
}

static void read_ratio(struct slo_file *f, const struct yaml_node *ratio, struct slo *o)
{
	struct bytes type;

	if (!file_check_map(f, ratio, "ratioMetric", ratio_keys))
		return;
	warn_unused(f, ratio);
	o->good = read_metric(f, ratio, "good");
	o->error = read_metric(f, ratio, "bad");
	o->total = read_metric(f, ratio, "total");
	o->share = read_metric(f, ratio, "raw");
	type = file_text(f, ratio, "rawType");
	o->share_is_good = bytes_is(type, "success");
	if (o->share.n && !bytes_is(type, "success") && !bytes_is(type, "failure"))
		report_error_at(f->report, ratio, "'rawType': expected success or failure");
	if (yaml_get(ratio, "raw") ? o->total.n || o->good.n || o->error.n
				   : !yaml_get(ratio, "good") == !yaml_get(ratio, "bad"))
		report_error_at(
			f->report, ratio,
			"'ratioMetric': expected 'good' or 'bad', one of them, and 'total'; or "
			"'raw'");
	else if (!yaml_get(ratio, "raw") && !yaml_get(ratio, "total"))
		report_error_at(f->report, ratio, "'ratioMetric': 'total' is missing");
}

/* spec: of an SLI, in its own document or in that of an SLO. */
static void read_sli(struct slo_file *f, const struct yaml_node *spec, struct slo *o)
{
	const struct yaml_node *ratio, *threshold;

	if (!file_check_map(f, spec, "an indicator's spec", sli_keys))
		return;
	ratio = yaml_get(spec, "ratioMetric");
	threshold = yaml_get(spec, "thresholdMetric");
	if (ratio)
		read_ratio(f, ratio, o);
	else
		report_error_at(
			f->report, threshold ? threshold : spec,
			threshold ? "'thresholdMetric' is not supported: a threshold tells no good "
				    "events from bad ones; count them with 'ratioMetric'"
				  : "'ratioMetric' is missing");
}

static void read_indicator(struct slo_file *f, const struct yaml_node *spec, struct slo *o)
{
	const struct yaml_node *own = yaml_get(spec, "indicator");
	const struct yaml_node *ref = yaml_get(spec, "indicatorRef");

	if (!own == !ref) {
		report_error_at(f->report, spec, "'indicator' or 'indicatorRef', one of them");
	} else if (ref && ref->kind != YAML_SCALAR) {
		report_error_at(f->report, ref, "'indicatorRef': expected the name of an SLI");
	} else if (ref) {
		mem_grow(&f->later, &f->cap_later, f->n_later + 1, sizeof(*f->later));
		f->later[f->n_later++] = (struct openslo_later){ (size_t)(o - f->set->v), ref };
	} else if (file_check_map(f, own, "indicator", indicator_keys)) {
		const struct yaml_node *of = yaml_get(own, "spec");

		if (of)
			read_sli(f, of, o);
		else
			report_error_at(f->report, own, "'indicator': 'spec' is missing");
	}
}

/* --- windows --------------------------------------------------------------------------------- */

/* "1M": a month, and so on; else a duration. */
static int read_duration(struct bytes text, struct slo_period *p, struct err *e)
{
	static const struct {
		const char *text, *period;
	} calendar[] = {
		{ "1w", "week" }, { "1M", "month" }, { "1Q", "quarter" }, { "1Y", "year" }
	};

	for (size_t i = 0; p->kind != SLO_ROLLING && i < sizeof(calendar) / sizeof(*calendar); i++)
		if (bytes_is(text, calendar[i].text))
			return slo_period_read(bytes_str(calendar[i].period), p, e);
	if (p->kind != SLO_ROLLING)
		return err_set(e, ERR_USAGE,
			       "a calendar's window is 1w, 1M, 1Q or 1Y, found '%.*s'",
			       BYTES_ARG(text));
	return slo_period_read(text, p, e);
}

/* A calendar that begins elsewhere would be of other days than those that are counted. */
static void check_start(struct slo_file *f, const struct yaml_node *n, const struct slo_period *p)
{
	struct bytes text = file_text(f, n, "startTime"), clock = bytes_sub(text, 10, text.n);
	const struct slo_period days = { .kind = p->kind };
	struct err e;
	int64_t ns;

	if (!text.n ||
	    ((!clock.n || bytes_is(clock, " 00:00:00") || bytes_is(clock, "T00:00:00")) &&
	     time_parse(bytes_sub(text, 0, 10), 0, &ns, &e) == 0 &&
	     slo_period_at(&days, ns).from == ns))
		return;
	report_error_at(f->report, yaml_get(n, "startTime"),
			"'startTime': a calendar's window begins where its week, month, quarter or "
			"year does, as 2026-01-01 00:00:00; found '%.*s'",
			BYTES_ARG(text));
}

static void read_calendar(struct slo_file *f, const struct yaml_node *n, struct slo_period *p)
{
	struct bytes zone;
	struct err e;

	if (!n || !file_check_map(f, n, "calendar", calendar_keys))
		return;
	check_start(f, n, p);
	zone = file_text(f, n, "timeZone");
	if (!zone.n || bytes_is(zone, "UTC"))
		return;
	p->zone = slo_set_zone(f->set, zone, &e);
	if (!p->zone)
		report_error_at(f->report, yaml_get(n, "timeZone"), "'timeZone': %s", e.msg);
}

static void read_window(struct slo_file *f, const struct yaml_node *list, struct slo_period *p)
{
	const struct yaml_node *n;
	struct bytes rolling, duration;
	struct err e;

	if (!list || yaml_is_null(list))
		return;
	if (list->kind != YAML_LIST || list->n != 1) {
		report_error_at(f->report, list, "'timeWindow': expected a list of one window");
		return;
	}
	n = list->item[0];
	if (!file_check_map(f, n, "timeWindow", window_keys))
		return;
	rolling = file_text(f, n, "isRolling");
	p->kind = yaml_get(n, "calendar") || bytes_is(rolling, "false") ? SLO_MONTH : SLO_ROLLING;
	duration = file_need(f, n, "duration", "timeWindow");
	if (duration.n && read_duration(duration, p, &e) < 0)
		report_error_at(f->report, yaml_get(n, "duration"), "'duration': %s", e.msg);
	read_calendar(f, yaml_get(n, "calendar"), p);
}

/* --- objectives ------------------------------------------------------------------------------ */

static void read_target(struct slo_file *f, const struct yaml_node *n, struct slo *o)
{
	const struct yaml_node *share = yaml_get(n, "target"),
			       *percent = yaml_get(n, "targetPercent");
	const char *key = share ? "target" : "targetPercent";
	struct bytes text;
	struct err e;

	if (!file_check_map(f, n, "an objective", objective_keys))
		return;
	warn_unused(f, n);
	if (!share == !percent) {
		report_error_at(f->report, n, "'target' or 'targetPercent', one of them");
		return;
	}
	text = file_text(f, n, key);
	if ((share ? slo_target_read(text, &o->target, &e)
		   : slo_percentage_read(text, &o->target, &e)) < 0)
		report_error_at(f->report, share ? share : percent, "'%s': %s", key, e.msg);
	if (yaml_get(n, "indicator") || yaml_get(n, "indicatorRef"))
		report_error_at(
			f->report, n,
			"objectives with indicators of their own are not supported: make an SLO of "
			"each");
}

static void read_objectives(struct slo_file *f, const struct yaml_node *spec, struct slo *o)
{
	const struct yaml_node *list = yaml_get(spec, "objectives");
	struct bytes method = file_text(f, spec, "budgetingMethod");

	if (method.n && !bytes_is(method, "Occurrences"))
		report_error_at(f->report, yaml_get(spec, "budgetingMethod"),
				"'budgetingMethod': events are counted, as Occurrences has it; "
				"'%.*s' is not "
				"supported",
				BYTES_ARG(method));
	if (!list || list->kind != YAML_LIST || list->n != 1)
		report_error_at(f->report, list ? list : spec,
				"'objectives': expected a list of one: make an SLO of each");
	else
		read_target(f, list->item[0], o);
}

static void read_slo(struct slo_file *f, const struct yaml_node *root)
{
	const struct yaml_node *meta = yaml_get(root, "metadata"), *spec = yaml_get(root, "spec");
	struct slo *o;

	if (!meta || !spec) {
		report_error_at(f->report, root, "an SLO: '%s' is missing",
				meta ? "spec" : "metadata");
		return;
	}
	if (!file_check_map(f, meta, "metadata", metadata_keys) ||
	    !file_check_map(f, spec, "an SLO's spec", spec_keys))
		return;
	warn_unused(f, spec);
	o = file_add(f, root);
	if (!o)
		return;
	o->name = file_need(f, meta, "name", "metadata");
	o->service = file_text(f, spec, "service");
	o->description = file_text(f, spec, "description");
	/* Labels may be lists there, which rules cannot have; they are OpenSLO's own. */
	read_window(f, yaml_get(spec, "timeWindow"), &o->period);
	read_objectives(f, spec, o);
	read_indicator(f, spec, o);
	if (!yaml_get(spec, "indicatorRef"))
		file_check_slo(f, o, root);
}

/* --- documents ------------------------------------------------------------------------------- */

static void keep_indicator(struct slo_file *f, const struct yaml_node *root)
{
	const struct yaml_node *meta = yaml_get(root, "metadata");

	if (!meta || !yaml_get(root, "spec"))
		report_error_at(f->report, root, "an SLI: '%s' is missing",
				meta ? "spec" : "metadata");
	else if (file_check_map(f, meta, "metadata", metadata_keys) &&
		 file_need(f, meta, "name", "metadata").n) {
		mem_grow(&f->indicator, &f->cap_indicators, f->n_indicators + 1,
			 sizeof(*f->indicator));
		f->indicator[f->n_indicators++] = root;
	}
}

void file_read_openslo(struct slo_file *f, const struct yaml_node *root)
{
	static const char *const idle[] = { "AlertPolicy", "AlertCondition",
					    "AlertNotificationTarget", NULL };
	struct bytes version = file_text(f, root, "apiVersion"), kind = file_text(f, root, "kind");

	if (!bytes_is(version, "openslo/v1")) {
		report_error_at(f->report, root, "'apiVersion': expected openslo/v1, found '%.*s'",
				BYTES_ARG(version));
		return;
	}
	file_check_map(f, root, "the document", root_keys);
	if (bytes_is(kind, "SLO")) {
		read_slo(f, root);
		return;
	}
	if (bytes_is(kind, "SLI")) {
		keep_indicator(f, root);
		return;
	}
	/* What an SLO needs of these it says itself. */
	if (bytes_is(kind, "Service") || bytes_is(kind, "DataSource"))
		return;
	for (size_t i = 0; idle[i]; i++) {
		if (bytes_is(kind, idle[i])) {
			report_say(f->report, REPORT_WARNING, root,
				   "kind '%s' is not used: alerts are those of --alert", idle[i]);
			return;
		}
	}
	report_error_at(f->report, root, "'kind': expected SLO or SLI, found '%.*s'",
			BYTES_ARG(kind));
}

static const struct yaml_node *find_indicator(const struct slo_file *f, struct bytes name)
{
	for (size_t i = 0; i < f->n_indicators; i++) {
		const struct yaml_node *meta = yaml_get(f->indicator[i], "metadata");

		if (bytes_eq(yaml_get(meta, "name")->text, name))
			return f->indicator[i];
	}
	return NULL;
}

void file_end_openslo(struct slo_file *f)
{
	for (size_t i = 0; i < f->n_later; i++) {
		const struct openslo_later *l = &f->later[i];
		const struct yaml_node *sli = find_indicator(f, l->name->text);
		struct slo *o = &f->set->v[l->at];

		if (!sli) {
			report_error_at(f->report, l->name,
					"'indicatorRef': there is no SLI '%.*s' in the file",
					BYTES_ARG(l->name->text));
			continue;
		}
		read_sli(f, yaml_get(sli, "spec"), o);
		file_check_slo(f, o, l->name);
	}
}
