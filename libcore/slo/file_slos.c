/*
 * A list of "slos": sloth's, whose objective is a percentage, and the same with targets and windows
 * of their own. Queries of events are of errors or of good ones, and of the total; or of the share
 * of errors.
 */
#include "slo/file_part.h"

static const char *const root_keys[] = { "version", "service", "labels", "slos", NULL };
static const char *const object_keys[] = { "apiVersion", "kind", "metadata", "spec", NULL };
static const char *const spec_keys[] = { "service", "labels", "slos", NULL };
static const char *const slo_keys[] = { "name",	     "service",	   "description",
					"objective", "objectives", "labels",
					"sli",	     "alerting",   NULL };
static const char *const sli_keys[] = { "events", "raw", "plugin", NULL };
static const char *const objective_keys[] = { "target", "window", NULL };
static const char *const alert_keys[] = { "disable", "labels", "annotations", NULL };

/* Names of several words, as files have them, and objects of Kubernetes. */
enum { ERRORS, GOOD, TOTAL, N_EVENTS };
enum { PAGE = 3, TICKET };
struct slos_words {
	const char *events[N_EVENTS + 1], *raw[2], *alerting[6];
};
static const struct slos_words in_files = {
	{ "error_query", "good_query", "total_query", NULL },
	{ "error_ratio_query", NULL },
	{ "name", "labels", "annotations", "page_alert", "ticket_alert", NULL },
};
static const struct slos_words in_objects = {
	{ "errorQuery", "goodQuery", "totalQuery", NULL },
	{ "errorRatioQuery", NULL },
	{ "name", "labels", "annotations", "pageAlert", "ticketAlert", NULL },
};

static void read_sli(struct slo_file *f, const struct slos_words *words,
		     const struct yaml_node *sli, struct slo *o)
{
	const struct yaml_node *events = yaml_get(sli, "events"), *raw = yaml_get(sli, "raw");

	if (!file_check_map(f, sli, "sli", sli_keys))
		return;
	if (yaml_get(sli, "plugin"))
		report_error_at(
			f->report, yaml_get(sli, "plugin"),
			"'plugin': plugins are programs, which are not run: write its queries");
	if (events && raw)
		report_error_at(f->report, raw, "'events' and 'raw': one of them");
	if (events && file_check_map(f, events, "events", words->events)) {
		o->error = file_query(f, events, words->events[ERRORS]);
		o->good = file_query(f, events, words->events[GOOD]);
		file_need(f, events, words->events[TOTAL], "events");
		o->total = file_query(f, events, words->events[TOTAL]);
		if (!o->error.n == !o->good.n)
			report_error_at(f->report, events, "'events': '%s' or '%s', one of them",
					words->events[ERRORS], words->events[GOOD]);
	}
	if (raw && file_check_map(f, raw, "raw", words->raw)) {
		file_need(f, raw, words->raw[0], "raw");
		o->share = file_query(f, raw, words->raw[0]);
	}
}

static void read_alert(struct slo_file *f, const struct yaml_node *alerting, const char *key,
		       struct slo_alerting *ret)
{
	const struct yaml_node *n = yaml_get(alerting, key);

	if (!n || yaml_is_null(n) || !file_check_map(f, n, key, alert_keys))
		return;
	ret->disabled = file_flag(f, n, "disable");
	ret->labels = file_pairs(f, n, "labels");
	ret->annotations = file_pairs(f, n, "annotations");
}

static void read_alerting(struct slo_file *f, const struct slos_words *words,
			  const struct yaml_node *n, struct slo *o)
{
	if (!n || yaml_is_null(n) || !file_check_map(f, n, "alerting", words->alerting))
		return;
	o->alert = file_text(f, n, "name");
	o->alert_labels = file_pairs(f, n, "labels");
	o->alert_annotations = file_pairs(f, n, "annotations");
	read_alert(f, n, words->alerting[PAGE], &o->page);
	read_alert(f, n, words->alerting[TICKET], &o->ticket);
}

/* sloth's: "99.9" is a percentage, without a sign. */
static void read_percentage(struct slo_file *f, const struct yaml_node *at, struct bytes text,
			    struct slo *o)
{
	struct exact v;
	struct err e;

	if (text.n && slo_percentage_read(text, &o->target, &e) < 0)
		report_error_at(f->report, at, "'objective': %s", e.msg);
	if (exact_read(text, &v) && v.units > 0 && exact_cmp(v, (struct exact){ 1, 0 }) < 0)
		report_say(f->report, REPORT_WARNING, at,
			   "'objective' is a percentage: %.*s is less than one in a hundred; a "
			   "share is "
			   "'target' below 'objectives'",
			   BYTES_ARG(text));
}

/* One of "objectives". False: its window is not known, and so neither is its name. */
static bool read_objective(struct slo_file *f, const struct yaml_node *n, struct slo *o)
{
	struct bytes target, window;
	struct err e;

	if (!file_check_map(f, n, "an objective", objective_keys))
		return false;
	target = file_need(f, n, "target", "an objective");
	if (target.n && slo_target_read(target, &o->target, &e) < 0)
		report_error_at(f->report, yaml_get(n, "target"), "'target': %s", e.msg);
	window = file_text(f, n, "window");
	if (!window.n || slo_period_read(window, &o->period, &e) == 0)
		return true;
	report_error_at(f->report, yaml_get(n, "window"), "'window': %s", e.msg);
	return false;
}

/* Several over different windows are told apart by these. */
static struct bytes name_with_window(struct slo_file *f, const struct slo *o)
{
	struct buf b = { 0 };
	struct bytes name;

	buf_addf(&b, "%.*s-", BYTES_ARG(o->name));
	slo_period_add(&b, &o->period);
	name = arena_copy(&f->set->mem, buf_bytes(&b));
	buf_release(&b);
	return name;
}

static void add_objectives(struct slo_file *f, const struct yaml_node *list, const struct slo *base)
{
	if (list->kind != YAML_LIST || list->n == 0) {
		report_error_at(f->report, list,
				"'objectives': expected a list of targets and windows");
		return;
	}
	for (uint32_t i = 0; i < list->n; i++) {
		struct slo *o = file_add(f, list->item[i]);

		if (!o)
			return;
		*o = *base;
		o->line = list->item[i]->line;
		if (!read_objective(f, list->item[i], o)) {
			f->set->n--;
			continue;
		}
		if (list->n > 1)
			o->name = name_with_window(f, o);
		file_check_slo(f, o, list->item[i]);
	}
}

static void read_slo(struct slo_file *f, const struct slos_words *words,
		     const struct yaml_node *root, const struct yaml_node *n)
{
	const struct yaml_node *sli, *objective, *objectives;
	struct slo o = { .file = f->name, .line = n->line, .period = f->opts->period };

	if (!file_check_map(f, n, "an objective", slo_keys))
		return;
	sli = yaml_get(n, "sli");
	objective = yaml_get(n, "objective");
	objectives = yaml_get(n, "objectives");
	o.name = file_need(f, n, "name", "an objective");
	o.service = file_text(f, n, "service");
	if (!o.service.n)
		o.service = file_text(f, root, "service");
	o.description = file_text(f, n, "description");
	o.labels = file_join(f, file_pairs(f, root, "labels"), file_pairs(f, n, "labels"));
	if (sli)
		read_sli(f, words, sli, &o);
	read_alerting(f, words, yaml_get(n, "alerting"), &o);
	if (!objective == !objectives) {
		report_error_at(f->report, n,
				"objective '%.*s': 'objective' or 'objectives', one of them",
				BYTES_ARG(o.name));
	} else if (objectives) {
		add_objectives(f, objectives, &o);
	} else {
		struct slo *added = file_add(f, n);

		read_percentage(f, objective, file_need(f, n, "objective", "an objective"), &o);
		if (added) {
			*added = o;
			file_check_slo(f, added, n);
		}
	}
}

static void read_list(struct slo_file *f, const struct slos_words *words,
		      const struct yaml_node *root)
{
	const struct yaml_node *slos = yaml_get(root, "slos");

	if (!slos || slos->kind != YAML_LIST) {
		report_error_at(f->report, slos ? slos : root,
				"'slos': expected a list of objectives");
		return;
	}
	for (uint32_t i = 0; i < slos->n; i++)
		read_slo(f, words, root, slos->item[i]);
}

void file_read_slos(struct slo_file *f, const struct yaml_node *root)
{
	struct bytes version = file_text(f, root, "version");

	file_check_map(f, root, "the file", root_keys);
	if (version.n && !bytes_is(version, "prometheus/v1"))
		report_error_at(f->report, yaml_get(root, "version"),
				"'version': expected prometheus/v1, found '%.*s'",
				BYTES_ARG(version));
	read_list(f, &in_files, root);
}

void file_read_object(struct slo_file *f, const struct yaml_node *root)
{
	const struct yaml_node *spec = yaml_get(root, "spec");
	struct bytes version = file_text(f, root, "apiVersion");

	file_check_map(f, root, "the object", object_keys);
	if (!bytes_is(version, "sloth.slok.dev/v1"))
		report_error_at(f->report, root,
				"'apiVersion': expected sloth.slok.dev/v1, found '%.*s'",
				BYTES_ARG(version));
	if (!spec)
		report_error_at(f->report, root, "the object: 'spec' is missing");
	else if (file_check_map(f, spec, "spec", spec_keys))
		read_list(f, &in_objects, spec);
}
