/*
 * Requests of one web service, the same ones as JSON or as logfmt, within an hour: entries.jsonl,
 * lines (the lines alone) and truth.json. What parsers of lines are measured with, so nearly every
 * line has the same fields, and a few have others, escapes, or letters that are not ASCII.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "gen.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

struct maker {
	const struct requests_args *args;
	struct world world;
	FILE *entries, *lines;
	struct out json, line;
	uint64_t n_lines, n_bytes, n_5xx;
};

/* What the two formats write differently: how a field begins, and how text is quoted. */
struct form {
	const char *begin, *end;   /* of a line */
	const char *before, *name; /* a field's name, and what stands behind it */
	const char *quote;	   /* of text without blanks */
	const char *inner;	   /* begins the nested fields */
	const char *inner_next, *inner_end;
};

static const struct form forms[] = {
	[REQUESTS_JSON] = { "{", "}", ",\"", "\":", "\"", ",\"client\":{\"", ",\"", "}" },
	[REQUESTS_LOGFMT] = { "", "", " ", "=", "", " client_", " client_", "" },
};

static void field(const struct form *f, struct out *o, const char *name)
{
	out_strs(o, f->before, name, f->name, NULL);
}

static void word(const struct form *f, struct out *o, const char *name, const char *value)
{
	field(f, o, name);
	out_strs(o, f->quote, value, f->quote, NULL);
}

static void head(struct maker *m, const struct form *f, int64_t ts_ns, struct out *o)
{
	bool json = m->args->format == REQUESTS_JSON;

	out_strs(o, f->begin, json ? "\"ts\":" : "ts=", f->quote, NULL);
	out_time(o, TIME_ISO_MS, ts_ns);
	out_str(o, f->quote);
	word(f, o, "level", level_name[m->world.level]);
	field(f, o, "msg");
}

static void tail(struct maker *m, const struct form *f, struct out *o)
{
	struct rnd *r = &m->world.rnd;

	field(f, o, "trace_id");
	out_str(o, f->quote);
	line_put_trace(&m->world, o);
	out_strs(o, f->quote, f->inner, "ip", f->name, f->quote, NULL);
	out_ip(o, rnd_rank(r, 6000));
	out_strs(o, f->quote, f->inner_next, "region", f->name, f->quote,
		 rnd_chance(r, 700) ? "eu-1" : "us-1", f->quote, f->inner_end, f->end, NULL);
}

static void request(struct maker *m, const struct form *f, int64_t ts_ns, struct out *o)
{
	struct world *w = &m->world;
	unsigned status = line_draw_status(w);

	head(m, f, ts_ns, o);
	out_str(o, status >= 500   ? "\"request failed: upstream timed out\""
		   : status >= 400 ? "\"request refused\""
				   : "\"request done\"");
	word(f, o, "method", line_method(w));
	field(f, o, "path");
	out_str(o, f->quote);
	line_put_route(w, o);
	out_str(o, f->quote);
	field(f, o, "status");
	out_uint(o, status);
	field(f, o, "duration");
	out_str(o, f->quote);
	out_frac(o, rnd_spread(&w->rnd, status >= 500 ? 900000 : 14000, 5));
	out_strs(o, "ms", f->quote, NULL);
	tail(m, f, o);
	m->n_5xx += status >= 500;
}

static void search(struct maker *m, const struct form *f, int64_t ts_ns, struct out *o)
{
	static const char *const words[] = { "lamp", "caf\u00e9 press", "\u8336\u7897", "tea" };
	struct rnd *r = &m->world.rnd;

	m->world.level = LEVEL_DEBUG;
	head(m, f, ts_ns, o);
	out_strs(o, "\"search for \\\"", words[rnd_rank(r, COUNT(words))], "\\\" done\"", NULL);
	field(f, o, "hits");
	out_uint(o, rnd_rank(r, 4000));
	tail(m, f, o);
}

static void put(struct maker *m, int64_t ts_ns)
{
	struct out *json = &m->json, *line = &m->line;

	json->n = 0;
	out_str(json, "{\"ts\":\"");
	out_uint(json, (uint64_t)ts_ns);
	out_str(json, "\",\"labels\":{\"app\":\"shop\",\"pod\":\"web-");
	out_uint(json, rnd_below(&m->world.rnd, m->args->streams));
	out_str(json, "\"},\"line\":\"");
	out_json(json, line->p, line->n);
	out_str(json, "\"}\n");
	out_str(line, "\n");
	if (fwrite(json->p, 1, json->n, m->entries) != json->n ||
	    fwrite(line->p, 1, line->n, m->lines) != line->n)
		die("entries.jsonl or lines");
	m->n_lines++;
	m->n_bytes += line->n;
}

static void put_number(struct out *o, const char *name, uint64_t v, const char *end)
{
	out_strs(o, "  \"", name, "\": ", NULL);
	out_uint(o, v);
	out_str(o, end);
}

static void save_truth(const struct maker *m)
{
	struct out o = { 0 };

	out_str(&o, "{\n");
	put_number(&o, "lines", m->n_lines, ",\n");
	put_number(&o, "bytes", m->n_bytes, ",\n"); /* with a newline each */
	put_number(&o, "status_5xx_lines", m->n_5xx, "\n}\n");
	out_save(&o, m->args->dir, "truth.json");
	free(o.p);
}

void requests_make(const struct requests_args *args)
{
	struct maker m = { .args = args, .world.rnd.state = args->seed };
	const struct form *f = &forms[args->format];
	int64_t start_ns = (args->end_s - 3599) * NS_PER_S, span_ns = 3590 * NS_PER_S;
	int64_t ts_ns = start_ns;

	m.entries = out_open(args->dir, "entries.jsonl");
	m.lines = out_open(args->dir, "lines");
	for (unsigned i = 0; i < N_TRACES; i++)
		m.world.traces[i] = rnd_next(&m.world.rnd);
	while (m.n_bytes < args->bytes) {
		int64_t due = start_ns + (int64_t)((__int128)span_ns * m.n_bytes / args->bytes);

		ts_ns = due > ts_ns ? due : ts_ns + 1;
		line_begin_request(&m.world);
		m.line.n = 0;
		if (rnd_chance(&m.world.rnd, 30))
			search(&m, f, ts_ns, &m.line);
		else
			request(&m, f, ts_ns, &m.line);
		put(&m, ts_ns);
	}
	if (fclose(m.entries) != 0 || fclose(m.lines) != 0)
		die("entries.jsonl or lines");
	save_truth(&m); /* last: its presence says that the rest is whole */
	free(m.json.p);
	free(m.line.p);
}
